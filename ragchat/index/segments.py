"""The segments of a collection as files: written, opened, swept away."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragchat.errors import StorageError
from ragchat.index.segment import open_segment, write_segment
from ragchat.storage.database import private_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ragchat.index.segment import Columns, Halves, Segment

_SUFFIX = ".safetensors"


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    """A segment as the manifest lists it: how many `chunks` it was written with, and its file's `checksum`."""

    name: str
    chunks: int
    checksum: int


class Segments:
    """The files in `folder`; each is opened once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opened: dict[str, Segment] = {}

    def open(self, names: Sequence[str]) -> list[Segment]:
        """The segments `names`; raises `FileNotFoundError` for one just merged away, and `IndexDamaged`."""
        self._opened = {name: self._opened.get(name) or open_segment(self.path(name)) for name in names}
        return list(self._opened.values())

    def path(self, name: str) -> Path:
        """Where the segment `name` lies."""
        return self._folder / f"{name}{_SUFFIX}"

    def write(self, columns: Columns, vectors: Sequence[Halves]) -> SegmentRecord:
        """Write a new segment; nobody knows of it until the manifest lists it. Raises `StorageError`."""
        path = self.path(secrets.token_hex(8))
        private_folder(self._folder)
        try:
            return SegmentRecord(path.stem, len(columns.rows), write_segment(path, columns, vectors))
        except OSError as error:
            path.unlink(missing_ok=True)
            raise StorageError(
                f"{path} cannot be written: {error.strerror}.", "Free some space and run the same again."
            ) from error

    def sweep(self, names: Iterable[str]) -> None:
        """Remove every file but those of `names`; whoever has one open keeps it."""
        wanted = {f"{name}{_SUFFIX}" for name in names}
        for path in self._folder.glob(f"*{_SUFFIX}"):
            if path.name not in wanted:
                path.unlink(missing_ok=True)
