"""Many segments become few, and what is buried in them goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ragchat.index.segment import Columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ragchat.index.collection import Collection
    from ragchat.index.segment import Halves, Segment

Number = TypeVar("Number", bound=np.generic)

MOST_CHUNKS = 65_536
"""Merging needs some two kilobytes a chunk of memory: no segment grows beyond this."""

MOST_BURIED = 0.25
"""A segment of whose chunks a larger share is buried is made anew."""

# A segment is merged with those behind it when they hold a third as much: each chunk is copied a few times at
# most, and a search meets few segments.
_RATIO = 3


def compact(collection: Collection, most_buried: float = MOST_BURIED) -> None:
    """Merge segments of `collection`, and write anew those of which a larger share is buried.

    The writer's lock must be held.
    """
    while True:
        view, inventory = collection.view(), collection.manifest.inventory()
        here = mergeable([len(segment) for segment in view.segments], view.buried_by_segment(), most_buried)
        if not here:
            return
        parts = [view.segments[index] for index in here]
        columns, vectors = merged(parts, inventory.buried)
        rows = np.concatenate([part.rows for part in parts])
        records = list(inventory.segments)
        with collection.manifest.change() as change:
            written = [collection.segments.write(columns, vectors)] if len(columns.rows) else []
            records[here.start : here.stop] = written
            change.list_segments(records)
            change.exhume(np.intersect1d(rows, inventory.buried).tolist())


def mergeable(sizes: Sequence[int], buried: Sequence[int], most_buried: float = MOST_BURIED) -> range:
    """Which neighbouring segments to make one, by their sizes and how much of each is buried; empty for none."""
    live = [size - gone for size, gone in zip(sizes, buried, strict=True)]
    for index, (size, gone) in enumerate(zip(sizes, buried, strict=True)):
        if gone > most_buried * size:
            return range(index, index + 1)
    for first, size in enumerate(live):
        end, total = first + 1, size
        while end < len(live) and total + live[end] <= MOST_CHUNKS:
            total += live[end]
            end += 1
        if size <= _RATIO * (total - size):
            return range(first, end)
    return range(0)


def merged(segments: Sequence[Segment], buried: NDArray[np.int64]) -> tuple[Columns, list[Halves]]:
    """The columns and vectors of neighbouring `segments` without the `buried` rows."""
    parts = [_Kept.of(segment, buried) for segment in segments]
    words, firsts = np.unique(
        np.concatenate([part.words(part.segment.words) for part in parts]), return_index=True
    )
    lengths = np.concatenate([part.chunks(np.diff(part.segment.starts)) for part in parts])
    columns = Columns(
        rows=np.concatenate([part.chunks(part.segment.rows) for part in parts]),
        documents=np.concatenate([part.chunks(part.segment.documents) for part in parts]),
        joined=np.concatenate([part.chunks(part.segment.joined) for part in parts]),
        heads=np.concatenate([part.chunks(part.segment.heads) for part in parts]),
        starts=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        tokens=np.concatenate([part.tokens_in(words) for part in parts]),
        words=words,
        stems=np.concatenate([part.words(part.segment.stems) for part in parts])[firsts],
        kinds=np.concatenate([part.words(part.segment.kinds) for part in parts])[firsts],
        word_vectors=np.concatenate([part.words(part.segment.word_vectors) for part in parts])[firsts],
    )
    return columns, [(part.chunks(part.segment.leads), part.chunks(part.segment.rests)) for part in parts]


@dataclass(frozen=True, slots=True)
class _Kept:
    """What of a segment goes on: `live` (n,) chunks, and the indices `held` of the words that those hold."""

    segment: Segment
    live: NDArray[np.bool_]
    held: NDArray[np.intp]

    @classmethod
    def of(cls, segment: Segment, buried: NDArray[np.int64]) -> _Kept:
        live = ~np.isin(segment.rows, buried)
        if live.all():
            return cls(segment, live, np.arange(len(segment.words)))
        occurs = np.zeros(len(segment.words), np.bool_)
        occurs[segment.tokens[np.repeat(live, np.diff(segment.starts))]] = True
        return cls(segment, live, np.flatnonzero(occurs))

    def chunks(self, column: NDArray[Number]) -> NDArray[Number]:
        """The rows of live chunks; the column itself, still on the disk, where all are."""
        return column if len(column) == np.count_nonzero(self.live) else column[self.live]

    def words(self, column: NDArray[Number]) -> NDArray[Number]:
        """The rows of words that are still held."""
        return column if len(self.held) == len(column) else column[self.held]

    def tokens_in(self, words: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """The tokens of live chunks as indices into `words`."""
        places = np.zeros(len(self.segment.words), np.uint32)
        places[self.held] = np.searchsorted(words, self.segment.words[self.held])
        tokens = self.segment.tokens
        return places[tokens if self.live.all() else tokens[np.repeat(self.live, np.diff(self.segment.starts))]]
