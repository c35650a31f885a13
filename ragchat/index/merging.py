"""Many segments become few, and what is buried in them goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ragchat.index.segment import Columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ragchat.index.collection import Collection
    from ragchat.index.segment import Segment

MOST_CHUNKS = 131_072
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
