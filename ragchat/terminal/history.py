"""The lines a person typed, kept between conversations."""

from __future__ import annotations

import fcntl
import os
import re
import tempfile
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_toolkit.history import History

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

_ENTRY = re.compile(rb"(?:^\+.*\n?)+", re.MULTILINE)
_TAIL_BYTES = 128  # a whole time, so that no two of them are alike
_MARGIN = re.compile(rb"^\+", re.MULTILINE)


class NotHistory(Exception):
    """The file holds something else."""


class OwnerOnlyHistory(History):
    """Lines in a file of prompt-toolkit's format that only its owner can read.

    The first look at it throws all but the newest `limit` away.

    Conversations that run at once share it: each reads and writes under a lock on the file, and sees what the
    others have added at its next prompt. A file that cannot be used costs the history, not the conversation:
    `failure` says why, once.
    """

    def __init__(self, path: Path, *, limit: int = 10_000) -> None:
        super().__init__()
        self._path = path
        self._limit = limit
        self._read_to = 0
        self._tail = b""
        self._failed = False
        self.failure: str | None = None

    async def load(self) -> AsyncGenerator[str, None]:
        """The lines, newest first, those of other conversations included."""
        for line in self.load_history_strings():
            yield line

    def load_history_strings(self) -> list[str]:
        """The same at once."""
        try:
            with self._locked() as file:
                first = not self._read_to
                self._read(file)
                if first:
                    self._trim(file)
        except (OSError, NotHistory) as error:
            self._fail(error)
        return self._loaded_strings

    def append_string(self, string: str) -> None:
        """Keep `string`, unless it begins with a space or is the newest line already."""
        if not string.startswith(" "):
            self.store_string(string)

    def store_string(self, string: str) -> None:
        """The same for a string that begins as it likes."""
        try:
            with self._locked() as file:
                self._read(file)
                if self._loaded_strings[:1] != [string]:
                    os.write(file, _entry(string))
                    self._read(file)
        except (OSError, NotHistory) as error:
            self._fail(error)
            self._loaded_strings.insert(0, string)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """The file, open for reading and appending; nobody else reads or writes it meanwhile."""
        while True:
            file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                if os.path.samestat(os.fstat(file), self._path.stat()):
                    os.fchmod(file, 0o600)
                    yield file
                    return
                # Somebody has trimmed it while we waited: this is the old file.
            finally:
                os.close(file)

    def _read(self, file: int) -> None:
        """Take up what was added since the last time, or everything if the file is another one now."""
        # Not by its inode: the number of a file that is gone is soon given to the next one.
        if os.pread(file, len(self._tail), self._read_to - len(self._tail)) != self._tail:
            self._read_to, self._tail, self._loaded_strings = 0, b"", []
        added = os.pread(file, os.fstat(file).st_size - self._read_to, self._read_to)
        entries = _ENTRY.findall(added)
        if b"\0" in added or (added.strip() and not entries):
            raise NotHistory
        self._loaded_strings[:0] = [_string(entry) for entry in reversed(entries)]
        self._read_to += len(added)
        self._tail = (self._tail + added)[-_TAIL_BYTES:]

    def _trim(self, file: int) -> None:
        content = os.pread(file, self._read_to, 0)
        dropped = list(_ENTRY.finditer(content))[: -self._limit]
        if dropped:
            self._replace(content[dropped[-1].end() :])
            del self._loaded_strings[self._limit :]

    def _replace(self, content: bytes) -> None:
        with tempfile.NamedTemporaryFile(dir=self._path.parent, prefix=f"{self._path.name}.", delete=False) as new:
            try:
                new.write(content)
                new.flush()
                Path(new.name).replace(self._path)
            except BaseException:
                Path(new.name).unlink()
                raise

    def _fail(self, error: OSError | NotHistory) -> None:
        if not self._failed:
            self._failed = True
            reason = error.strerror if isinstance(error, OSError) else "it holds something else"
            self.failure = reason or type(error).__name__


def _entry(string: str) -> bytes:
    lines = "".join(f"+{line}\n" for line in string.replace("\0", "").split("\n"))
    return f"\n# {datetime.now()}\n{lines}".encode("utf-8", "replace")


def _string(entry: bytes) -> str:
    return _MARGIN.sub(b"", entry).removesuffix(b"\n").decode("utf-8", "replace")
