"""The segments of a collection as files: written, opened, merged, swept away."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ragchat.index.segment import Columns, Segment, open_segment, write_segment
from ragchat.storage.database import private_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

MOST_CHUNKS = 131_072
"""Merging needs some two kilobytes a chunk of memory: no segment grows beyond this."""

MOST_BURIED = 0.25
"""A segment of whose chunks a larger share is buried is made anew."""

_SUFFIX = ".safetensors"
# A segment is merged with those behind it when they hold a third as much: each chunk is copied a few times at
# most, and a search meets few segments.
_RATIO = 3


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

    def write(self, columns: Columns, vectors: Sequence[NDArray[np.float32]]) -> SegmentRecord:
        """Write a new segment; nobody knows of it until the manifest lists it. Raises `OSError`."""
        name = secrets.token_hex(8)
        private_folder(self._folder)
        return SegmentRecord(name, len(columns.rows), write_segment(self.path(name), columns, vectors))

    def sweep(self, names: Iterable[str]) -> None:
        """Remove every file but those of `names`; whoever has one open keeps it."""
        wanted = {f"{name}{_SUFFIX}" for name in names}
        for path in self._folder.glob(f"*{_SUFFIX}"):
            if path.name not in wanted:
                path.unlink(missing_ok=True)


def mergeable(sizes: Sequence[int], buried: Sequence[int], most_buried: float = MOST_BURIED) -> range:
    """Which neighbouring segments to make one, by their sizes and how much of each is buried; empty for none."""
    live = [size - gone for size, gone in zip(sizes, buried, strict=True)]
    for index, (size, gone) in enumerate(zip(sizes, buried, strict=True)):
        if gone > most_buried * size:
            return range(index, index + 1)
    behind = sum(live)
    for index, size in enumerate(live):
        behind -= size
        if size <= _RATIO * behind and size + behind <= MOST_CHUNKS:
            return range(index, len(live))
    return range(0)


def merged(segments: Sequence[Segment], buried: NDArray[np.int64]) -> tuple[Columns, list[NDArray[np.float32]]]:
    """The columns and vectors of neighbouring `segments` without the `buried` rows."""
    kept = [~np.isin(segment.rows, buried) for segment in segments]
    lengths = [np.diff(segment.starts) for segment in segments]
    together = list(zip(segments, kept, lengths, strict=True))
    # A word that only buried chunks held goes with them.
    tokens = [segment.tokens[np.repeat(keep, length)] for segment, keep, length in together]
    held = [np.unique(some) for some in tokens]
    words, firsts = np.unique(
        np.concatenate([segment.words[some] for segment, some in zip(segments, held, strict=True)]),
        return_index=True,
    )
    columns = Columns(
        rows=np.concatenate([segment.rows[keep] for segment, keep, _ in together]),
        documents=np.concatenate([segment.documents[keep] for segment, keep, _ in together]),
        joined=np.concatenate([segment.joined[keep] for segment, keep, _ in together]),
        heads=np.concatenate([segment.heads[keep] for segment, keep, _ in together]),
        starts=np.concatenate(
            ([0], np.cumsum(np.concatenate([length[keep] for _, keep, length in together])))
        ).astype(np.int64),
        tokens=np.concatenate(
            [
                np.searchsorted(words, segment.words[some]).astype(np.uint32)
                for segment, some in zip(segments, tokens, strict=True)
            ]
        ),
        words=words,
        stems=np.concatenate([segment.stems[some] for segment, some in zip(segments, held, strict=True)])[firsts],
        kinds=np.concatenate([segment.kinds[some] for segment, some in zip(segments, held, strict=True)])[firsts],
        word_vectors=np.concatenate(
            [segment.word_vectors[some] for segment, some in zip(segments, held, strict=True)]
        )[firsts],
    )
    return columns, [segment.vectors if keep.all() else segment.vectors[keep] for segment, keep, _ in together]
