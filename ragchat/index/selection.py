"""The best candidates become passages: neighbours are joined, copies are left out, and what is dropped is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ragchat.core.passage import Dropped, Passage
from ragchat.index.examination import finders

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ragchat.core.document import Chunk
    from ragchat.core.passage import Why
    from ragchat.index.examination import Examination
    from ragchat.index.manifest import Manifest

# So many chunks make up some thousand tokens. Those of them that stand side by side are handed over as one
# passage: the best chunks alone hold more of what answers than fewer chunks with all their neighbours. The chunk
# behind the best one comes along.
_JOINED = 9
# The share of their words that two chunks have in common when one is a copy of the other.
_ALIKE = 0.9


class Selection:
    """The passages, `count` at the most, best first, and of the other chunks that were read why they are none.

    `scores`, (c,), are those of the second look. What a writer has taken away meanwhile is left out.
    """

    def __init__(self, examined: Examination, scores: NDArray[np.float32], manifest: Manifest, count: int) -> None:
        self._view = examined.view
        self._scored = examined.scores()
        slots = examined.slots
        order: list[int] = np.lexsort((slots, -scores))[: count + _JOINED].tolist()
        self._ranked: dict[int, int] = dict(zip(slots[order].tolist(), order, strict=True))
        self._second = scores
        self._count = count
        ranked = list(self._ranked)
        self._joinable = {*ranked[:_JOINED], *self._view.neighbours(ranked[0])[-1:]}
        self._chunks = self._read(manifest, [*ranked, *self._joinable])
        self._said: list[frozenset[int]] = []
        self._passages: list[Passage] = []
        self._dropped: list[Dropped] = []
        for slot in ranked:
            self._take(slot)

    @property
    def passages(self) -> tuple[Passage, ...]:
        """The passages, best first."""
        return tuple(self._passages)

    @property
    def dropped(self) -> tuple[Dropped, ...]:
        """What was read and is no passage, best first."""
        return tuple(sorted(self._dropped, key=lambda one: -one.score))

    def _read(self, manifest: Manifest, slots: list[int]) -> dict[int, Chunk]:
        rows = self._view.rows[slots].tolist()
        stored = manifest.chunks(rows)
        return {slot: stored[row].chunk for slot, row in zip(slots, rows, strict=True) if row in stored}

    def _take(self, slot: int) -> None:
        chunk = self._chunks.pop(slot, None)
        if chunk is None:
            return  # joined to a better one, or gone
        if len(self._passages) == self._count:
            self._drop(slot, chunk, "below")
            return
        words = frozenset(self._view.words(slot)[self._view.heads[slot] :].tolist())
        original = next((rank for rank, said in enumerate(self._said, start=1) if _alike(words, said)), None)
        if original:
            self._drop(slot, chunk, "copy", original)
            return
        self._said.append(words)
        around = {other - slot: self._join(slot, other) for other in self._view.neighbours(slot)}
        at = self._ranked[slot]
        scores, rank = self._scored.of(at), len(self._passages) + 1
        second = float(self._second[at])
        found_by = finders(scores)
        self._passages.append(Passage(chunk, rank, second, found_by, around.get(-1), around.get(1), scores))

    def _join(self, slot: int, other: int) -> Chunk | None:
        """The chunk of a neighbour that becomes part of the next passage, if it may and nobody has it."""
        chunk = self._chunks.pop(other, None) if {slot, other} <= self._joinable else None
        if chunk and other in self._ranked:
            self._drop(other, chunk, "joined", len(self._passages) + 1)
        return chunk

    def _drop(self, slot: int, chunk: Chunk, why: Why, into: int | None = None) -> None:
        at = self._ranked[slot]
        score, scores = float(self._second[at]), self._scored.of(at)
        self._dropped.append(Dropped(chunk.source, chunk.place, score, scores, why, into))


def _alike(words: frozenset[int], others: frozenset[int]) -> bool:
    """Whether two chunks say the same: a copy takes the place of something else."""
    return len(words & others) >= _ALIKE * len(words | others)
