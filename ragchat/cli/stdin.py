"""What is piped into the program, or redirected from a file."""

from __future__ import annotations

import os
import select
import stat
from typing import TYPE_CHECKING

from ragchat.documents.decode import decode, is_binary
from ragchat.errors import DocumentError, UsageError

if TYPE_CHECKING:
    from typing import IO

PATIENCE_S = 5.0
"""A pipe of which nothing comes for so long was inherited, and nobody writes to it."""

_HEAD = 8192


def is_piped(stdin: IO[bytes] | None) -> bool:
    """Whether `stdin` is a pipe or a file: a terminal, /dev/null and a socket are not read unasked."""
    try:
        mode = os.fstat(stdin.fileno()).st_mode if stdin else 0
    except (OSError, ValueError):  # it is closed
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode)


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
