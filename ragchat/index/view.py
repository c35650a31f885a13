"""What a search sees: the live chunks of all segments at one moment, numbered through.

A chunk's number here is its slot. Slots ascend with rows, so that neighbours in a document are neighbours here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ragchat.index.segment import LEAD
from ragchat.index.words import SCALE, WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from ragchat.index.segment import Segment

Number = TypeVar("Number", bound=np.generic)

# BM25 as everybody has it (Robertson and Zaragoza 2009, 3.2); other values brought nothing.
_K1 = 1.2
_B = 0.75
# Chunks have a hundred words; what is longer is a table or a dump, and its beginning tells enough.
_LONGEST = 256
_LONGEST_NEIGHBOUR = 160
_MOST_KEPT = 4_096


@dataclass(frozen=True, slots=True)
class Facts:
    """What is kept of words: their numbers, those of their terms, what they can answer, `(n, WIDTH)` vectors."""

    words: NDArray[np.int64]
    stems: NDArray[np.int64]
    kinds: NDArray[np.uint8]
    vectors: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Postings:
    """How many live chunks hold a term; and the slots of each segment, the chunks among them, and how often."""

    frequency: int
    parts: tuple[tuple[slice, NDArray[np.uint32], NDArray[np.uint16]], ...]


class View:
    """The chunks of `segments` but those whose rows are `buried`."""

    def __init__(self, segments: Sequence[Segment], buried: NDArray[np.int64]) -> None:
        self.segments = tuple(segments)
        sizes = [len(segment) for segment in segments]
        self._bases = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
        self.rows = _joined([segment.rows for segment in segments], np.int64)
        """`(n,)`: the manifest's row of each slot."""
        self.documents = _joined([segment.documents for segment in segments], np.int64)
        """`(n,)`: the row of the document of each slot."""
        self.alive = ~np.isin(self.rows, buried) if len(buried) else None
        """`(n,)`: false where a slot is buried; None when none is."""
        self.chunks = len(self.rows) if self.alive is None else int(self.alive.sum())
        """How many live chunks there are."""
        self._found: dict[int, _Postings] = {}

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """`(n,)`: how many terms each slot has, its heading's included."""
        return _joined([np.diff(segment.starts) for segment in self.segments], np.int64)

    @cached_property
    def average_length(self) -> float:
        """The mean of the lengths of live slots."""
        total = self.lengths.sum() if self.alive is None else self.lengths[self.alive].sum()
        return float(total) / max(1, self.chunks)

    @cached_property
    def heads(self) -> NDArray[np.uint16]:
        """`(n,)`: how many terms of each slot are its heading's."""
        return _joined([segment.heads for segment in self.segments], np.uint16)

    @cached_property
    def joined(self) -> NDArray[np.uint8]:
        """`(n,)`: one where the next slot goes on with the same text under the same heading."""
        return _joined([segment.joined for segment in self.segments], np.uint8)

    @cached_property
    def _norms(self) -> NDArray[np.float32]:
        average = self.average_length or 1.0
        return (_K1 * (1.0 - _B + _B * self.lengths / average)).astype(np.float32)

    def warm_up(self) -> None:
        """Work out what the first search would have to."""
        _ = self._norms, self.heads, self.joined

    def buried_by_segment(self) -> list[int]:
        """How many chunks of each segment are buried."""
        if self.alive is None:
            return [0] * len(self.segments)
        return [int((~self.alive[self._part(index)]).sum()) for index in range(len(self.segments))]

    # Words

    def frequencies(self, terms: Sequence[int]) -> list[int]:
        """How many live chunks hold each of the term ids `terms`."""
        return [self._postings(term).frequency for term in terms]

    def rarity(self, frequency: int) -> float:
        """The inverse document frequency of a term that `frequency` chunks hold, as in BM25."""
        return math.log(1.0 + (self.chunks - frequency + 0.5) / (frequency + 0.5))

    def bm25(self, terms: Sequence[int]) -> NDArray[np.float32]:
        """`(n,)`: BM25 of each slot for the term ids `terms`; zero where none occurs, or the slot is buried."""
        scores = np.zeros(len(self), np.float32)
        for term in terms:
            found = self._postings(term)
            rarity = self.rarity(found.frequency)
            for part, chunks, counts in found.parts:
                often = counts.astype(np.float32)
                # Each chunk stands once in the postings of a term, so that nothing is added twice.
                scores[part][chunks] += rarity * (_K1 + 1.0) * often / (often + self._norms[part][chunks])
        if self.alive is not None:
            scores[~self.alive] = 0.0
        return scores

    def _postings(self, term: int) -> _Postings:
        """Where the term occurs; kept, for a search asks several times."""
        if len(self._found) > _MOST_KEPT:
            self._found.clear()
        found = self._found.get(term)
        if found is None:
            found = self._found[term] = self._sought(term)
        return found

    def _sought(self, term: int) -> _Postings:
        parts = []
        frequency = 0
        for index, segment in enumerate(self.segments):
            # As a number of the array's own type: numpy would else copy the whole array into another.
            at = int(np.searchsorted(segment.terms, np.uint32(term)))
            if at < len(segment.terms) and segment.terms[at] == term:
                of_term, part = slice(segment.term_starts[at], segment.term_starts[at + 1]), self._part(index)
                chunks = segment.postings[of_term]
                parts.append((part, chunks, segment.counts[of_term]))
                frequency += len(chunks) if self.alive is None else int(self.alive[part][chunks].sum())
        return _Postings(frequency, tuple(parts))

    def _part(self, index: int) -> slice:
        return slice(int(self._bases[index]), int(self._bases[index + 1]))

    def words(self, slot: int) -> NDArray[np.uint32]:
        """The numbers of the words of a slot in the order of its text, its heading's first."""
        index = int(np.searchsorted(self._bases, slot, side="right")) - 1
        segment, local = self.segments[index], slot - int(self._bases[index])
        return segment.words[segment.tokens[segment.starts[local] : segment.starts[local + 1]]]

    def windows(self, slots: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """`(len(slots), l)` words of each slot, and `(len(slots), k)` those of its neighbours, headings left out.

        A word is its index into the words of all segments, one after the other; short rows end in `vocabulary`,
        which is no word. Of what is very long the end is left out.
        """
        before = np.where(self.joined[slots - 1].astype(bool) & (slots > 0), slots - 1, -1)
        after = np.where(self.joined[slots].astype(bool), slots + 1, -1)
        near = [self._texts(neighbours, _LONGEST_NEIGHBOUR, headings=False) for neighbours in (before, after)]
        return self._texts(slots, _LONGEST, headings=True), np.concatenate(near, axis=1)

    def _texts(self, slots: NDArray[np.int64], longest: int, *, headings: bool) -> NDArray[np.int64]:
        """`(len(slots), l)` as in `windows`; nothing in the row of a slot below zero."""
        there = slots >= 0
        lengths = np.where(there, self.lengths[slots] - (0 if headings else self.heads[slots].astype(np.int64)), 0)
        columns = np.arange(max(1, min(longest, int(lengths.max(initial=0)))))
        found = np.full((len(slots), len(columns)), self.vocabulary, np.int64)
        for index, here, local in self._parts(slots):
            segment = self.segments[index]
            if not len(segment.tokens):
                continue  # files of signs alone
            begins = segment.starts[local] + (0 if headings else segment.heads[local].astype(np.int64))
            filled = columns < lengths[here, None]
            places = np.where(filled, begins[:, None] + columns, 0)
            found[here] = np.where(filled, segment.tokens.take(places) + self._word_bases[index], self.vocabulary)
        return found

    @cached_property
    def _word_bases(self) -> NDArray[np.int64]:
        return np.cumsum([0, *(len(segment.words) for segment in self.segments)])

    @property
    def vocabulary(self) -> int:
        """How many words the segments have, one that is in several counted in each."""
        return int(self._word_bases[-1])

    def facts(self, found: NDArray[np.int64]) -> Facts:
        """What is kept of some words, given as in `windows`, ascending."""
        facts = Facts(
            np.zeros(len(found), np.int64),
            np.zeros(len(found), np.int64),
            np.zeros(len(found), np.uint8),
            np.zeros((len(found), WIDTH), np.float32),
        )
        borders = np.searchsorted(found, self._word_bases)
        for segment, base, first, last in zip(
            self.segments, self._word_bases[:-1], borders[:-1], borders[1:], strict=True
        ):
            local, here = found[first:last] - base, slice(first, last)
            facts.words[here] = segment.words[local]
            facts.stems[here] = segment.stems[local]
            facts.kinds[here] = segment.kinds[local]
            np.multiply(segment.word_vectors.take(local, axis=0), np.float32(1.0 / SCALE), out=facts.vectors[here])
        return facts

    def neighbours(self, slot: int) -> list[int]:
        """The slots before and after that are one text with this one."""
        before = [slot - 1] if slot and self.joined[slot - 1] else []
        return before + ([slot + 1] if self.joined[slot] else [])

    # Vectors

    def similarities(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """`(n,)`: the cosine of each slot with the unit `vector`; minus one where it is buried."""
        lead, rest = vector[:LEAD], vector[LEAD:]
        return self._scores([segment.leads @ lead + segment.rests @ rest for segment in self.segments])

    def leanings(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """The same by the first `LEAD` dimensions alone."""
        return self._scores([segment.leads @ vector[:LEAD] for segment in self.segments])

    def _scores(self, parts: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        found = _joined(parts, np.float32)
        if self.alive is not None:
            found[~self.alive] = -1.0
        return found

    def remainders(self, vector: NDArray[np.float32], slots: NDArray[np.int64]) -> NDArray[np.float32]:
        """`(len(slots),)`: what the other dimensions of some slots add to their `leanings`."""
        found = np.empty(len(slots), np.float32)
        for index, here, local in self._parts(slots):
            found[here] = self.segments[index].rests.take(local, axis=0) @ vector[LEAD:]
        return found

    def similarity(self, vector: NDArray[np.float32], slots: NDArray[np.int64]) -> NDArray[np.float32]:
        """`(len(slots),)`: the cosine of some slots with the unit `vector`."""
        return self.vectors(slots) @ vector

    def vectors(self, slots: NDArray[np.int64]) -> NDArray[np.float32]:
        """`(len(slots), width)`."""
        width = sum(half.shape[1] for first in self.segments[:1] for half in (first.leads, first.rests))
        found = np.empty((len(slots), width), np.float32)
        for index, here, local in self._parts(slots):
            segment = self.segments[index]
            found[here, :LEAD], found[here, LEAD:] = (
                segment.leads.take(local, axis=0),
                segment.rests.take(local, axis=0),
            )
        return found

    def _parts(self, slots: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.intp], NDArray[np.int64]]]:
        """The numbers of the segments that hold `slots`, which of them each holds, and where; none below zero."""
        parts = np.searchsorted(self._bases, slots, side="right") - 1
        for index in np.unique(parts[parts >= 0]).tolist():
            here = np.flatnonzero(parts == index)
            yield index, here, slots[here] - self._bases[index]

    def slots(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The slots of those of `rows` that are here and live."""
        at = np.searchsorted(self.rows, rows)
        at = (
            at[(at < len(self)) & (self.rows[np.minimum(at, max(0, len(self) - 1))] == rows)]
            if len(self)
            else at[:0]
        )
        return at if self.alive is None else at[self.alive[at]]


def best(scores: NDArray[np.float32], count: int, above: float) -> NDArray[np.int64]:
    """The indices of the `count` highest `scores` over `above`, best first, ties in order of index."""
    found = np.flatnonzero(scores > above)
    if count < len(found):
        among = scores[found]
        found = found[among >= np.partition(among, len(among) - count)[len(among) - count]]
    order = np.lexsort((found, -scores[found]))
    return found[order][:count]


def _joined(parts: Sequence[NDArray[Number]], kind: type[Number]) -> NDArray[Number]:
    return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, kind), *parts])
