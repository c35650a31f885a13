"""What is piped into the program, or redirected from a file."""

from __future__ import annotations

import os
import select
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ragchat.documents.decode import decode, is_binary
from ragchat.errors import DocumentError, UsageError

if TYPE_CHECKING:
    from typing import IO

PATIENCE_S = 5.0
"""A pipe of which nothing comes for so long may have been inherited, and nobody writes to it."""

_HEAD = 8192


def is_piped(stdin: IO[bytes] | None) -> bool:
    """Whether `stdin` is a pipe or a file: a terminal, /dev/null and a socket are not read unasked."""
    try:
        mode = os.fstat(stdin.fileno()).st_mode if stdin else 0
    except (OSError, ValueError):  # it is closed
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode)


def is_begun(stdin: IO[bytes]) -> bool:
    """Whether somebody has begun to read it, a file, as a shell's `while read` does: the rest is theirs."""
    try:
        return os.lseek(stdin.fileno(), 0, os.SEEK_CUR) > 0
    except OSError:  # a pipe
        return False


def is_written_to(stdin: IO[bytes]) -> bool:
    """Whether a process beside us in a pipeline may still write to the pipe `stdin`; False where no /proc tells.

    What started us is none: it may hold the other end and never write, and so may what is outside our session.
    """
    pipe = f"pipe:[{os.fstat(stdin.fileno()).st_ino}]"
    others = {int(folder.name) for folder in Path("/proc").glob("[0-9]*")} - _ancestors()
    return any(_is_of_our_session(process) and _can_write(process, pipe) for process in others)


def comes(stdin: IO[bytes], patience_s: float = PATIENCE_S) -> bool:
    """Whether something to read, or the end, comes within `patience_s`."""
    return bool(select.select([stdin], [], [], patience_s)[0])


def read_text(stdin: IO[bytes], most_mb: float) -> str:
    """All of `stdin` as text, up to `most_mb` megabytes; raises `UsageError` where it is more, or no text."""
    most = int(most_mb * 1_000_000)
    data = stdin.read(most + 1)
    if len(data) > most:
        raise UsageError(f"Stdin holds more than {most_mb:g} MB.", "Ingest it, or raise RAGCHAT_MAX_FILE_MB.")
    if is_binary(data[:_HEAD]):
        raise UsageError("What comes on stdin is no text.", "Ingest the file: ragchat ingest PATH")
    try:
        return decode(data)
    except DocumentError as error:
        raise UsageError(f"Stdin cannot be read. {error.message}", error.hint) from error


def _is_of_our_session(process: int) -> bool:
    with suppress(OSError):  # it has ended meanwhile
        return os.getsid(process) == os.getsid(0)
    return False


def _can_write(process: int, pipe: str) -> bool:
    with suppress(OSError):  # it is somebody else's, or has ended meanwhile
        ends = (end for end in Path(f"/proc/{process}/fd").iterdir() if str(end.readlink()) == pipe)
        return any(end.lstat().st_mode & stat.S_IWUSR for end in ends)
    return False


def _ancestors() -> set[int]:
    """This process and all that it descends from."""
    found, process = {os.getpid()}, os.getppid()
    with suppress(OSError):
        while process:
            found.add(process)
            # The name of a process, in brackets, may hold spaces.
            process = int(
                Path(f"/proc/{process}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[1]
            )
    return found
