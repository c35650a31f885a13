"""A question becomes passages: found by meaning and by words, looked at again, read with their neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ragchat.core.passage import Passage
from ragchat.errors import EmbedderError, UsageError
from ragchat.index.fusion import fuse
from ragchat.index.nearest import Nearest
from ragchat.index.rerank import examine
from ragchat.index.view import best
from ragchat.language.terms import query_terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ragchat.core.document import Chunk
    from ragchat.core.passage import Finder
    from ragchat.core.protocols import Embedder
    from ragchat.index.collection import Collection
    from ragchat.index.view import View


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The passages, best first, no two of which share text; `notices` say how the search fell short.

    `distant`: none of them means what the question means, words alone speak for them.
    """

    passages: tuple[Passage, ...]
    notices: tuple[str, ...] = ()
    distant: bool = False


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts how much; measured in `benchmarks/`, the defaults for the bundled embedder.

    `candidates` are taken from each of the two searches, and the best `examined` of them get the second look;
    more when many passages are asked for.
    A cosine below `noise` says nothing: questions about nothing in the sample data stay below it, nearly all
    others are above. Each embedder has its own; zero knows none.
    """

    candidates: int = 100
    examined: int = 60
    noise: float = 0.26
    first_dense: float = 0.3
    dense: float = 0.2
    words: float = 0.1
    window: float = 0.3
    coverage: float = 0.25
    adjacency: float = 0.15


# A passage takes its two neighbours out of the running.
_CHUNKS_TAKEN = 3
# A question longer than this is a pasted text; its first terms say what it is about.
_MOST_TERMS = 64
# An ingest writes every second or so, a search takes milliseconds.
_MOST_TRIES = 3


class Retriever:
    """Searches one collection, or those of its documents whose source matches the glob `only`."""

    def __init__(
        self,
        collection: Collection,
        embedder: Embedder,
        weights: Weights | None = None,
        *,
        only: str | None = None,
    ) -> None:
        self._collection = collection
        self._embedder = embedder
        self._weights = weights or Weights()
        self._only = only
        self._nearest = Nearest(collection)

    def search(self, question: str, count: int) -> SearchResult:
        """The best `count` passages, none where nothing matches; by words alone when the embedder fails.

        Raises `NothingIndexed`, `EmbedderMismatch`, `IndexDamaged`, `IndexOutdated`, and `UsageError` when no
        document matches.
        """
        for _ in range(_MOST_TRIES):
            view = self._collection.view()
            self._collection.require_documents()
            result = self._search(view, question, count)
            # What was written meanwhile can have taken away what was found.
            if self._collection.view() is view:
                break
        return result

    def _search(self, view: View, question: str, count: int) -> SearchResult:
        allowed = self._allowed(view)
        notices: tuple[str, ...] = ()
        dense: dict[int, float] = {}
        try:
            dense = self._dense(view, question, self._candidates(count), allowed)
        except EmbedderError as error:
            notices = (f"{error.message} The search went by words alone.",)
        distant = bool(dense) and max(dense.values()) < self._weights.noise
        return SearchResult(self._passages(view, question, dense, count, allowed), notices, distant)

    def _allowed(self, view: View) -> NDArray[np.bool_] | None:
        """`(n,)`: which slots may be found; None allows all."""
        if self._only is None:
            return None
        documents = self._collection.manifest.documents_below(self._only)
        if not documents:
            raise UsageError(f"No indexed document matches {self._only}.", "See them all: ragchat docs list")
        return np.isin(view.documents, documents)

    def _candidates(self, count: int) -> int:
        return max(self._weights.candidates, _CHUNKS_TAKEN * count)

    def _dense(
        self, view: View, question: str, candidates: int, allowed: NDArray[np.bool_] | None
    ) -> dict[int, float]:
        self._collection.require(self._embedder.fingerprint)
        vector = self._embedder.embed_query(question)
        if not vector.any():
            return {}
        slots = self._nearest.find(view, vector, candidates, allowed)
        return dict(zip(slots.tolist(), view.similarity(vector, slots).tolist(), strict=True))

    def _passages(
        self,
        view: View,
        question: str,
        dense: dict[int, float],
        count: int,
        allowed: NDArray[np.bool_] | None,
    ) -> tuple[Passage, ...]:
        wanted = query_terms(question)[:_MOST_TERMS]
        ids = self._collection.manifest.term_ids(wanted)
        terms = [ids[term] for term in wanted if term in ids]
        scores = view.bm25(terms)
        if allowed is not None:
            scores[~allowed] = 0.0
        found = best(scores, self._candidates(count), 0.0)
        lexical = dict(zip(found.tolist(), scores[found].tolist(), strict=True))
        if not lexical:
            dense = {slot: similarity for slot, similarity in dense.items() if similarity >= self._weights.noise}
        ranked = self._rank(view, terms, dense, lexical, count)
        finders: tuple[tuple[Finder, dict[int, float]], ...] = (("dense", dense), ("lexical", lexical))
        return self._read(view, ranked, finders, count)

    def _rank(
        self, view: View, terms: Sequence[int], dense: dict[int, float], lexical: dict[int, float], count: int
    ) -> dict[int, float]:
        weights = self._weights
        first = fuse(((weights.first_dense, dense), (1.0 - weights.first_dense, lexical)))
        slots = list(first)[: max(weights.examined, _CHUNKS_TAKEN * count)]
        windows = {slot: self._window(view, slot) for slot in slots}
        frequencies = dict(zip(terms, view.frequencies(terms), strict=True))
        rarity = {term: view.rarity(frequency) for term, frequency in frequencies.items() if frequency}
        evidence = examine(windows, terms, rarity)
        return fuse(
            (
                (weights.dense, {slot: dense.get(slot, min(dense.values(), default=0.0)) for slot in slots}),
                (weights.words, {slot: lexical.get(slot, 0.0) for slot in slots}),
                (weights.window, evidence.words),
                (weights.coverage, evidence.coverage),
                (weights.adjacency, evidence.adjacency),
            )
        )

    def _window(self, view: View, slot: int) -> list[int]:
        """The terms of a chunk with those of its neighbours; the heading, which they share, counts once."""
        window: list[int] = view.tokens(slot).tolist()
        for neighbour in view.neighbours(slot):
            window += view.tokens(neighbour)[view.heads[neighbour] :].tolist()
        return window

    def _read(
        self,
        view: View,
        ranked: dict[int, float],
        finders: Sequence[tuple[Finder, dict[int, float]]],
        count: int,
    ) -> tuple[Passage, ...]:
        """The texts of the best slots with their neighbours, but what a writer has taken away meanwhile."""
        best_slots = list(ranked)[: _CHUNKS_TAKEN * count]
        near = {slot: view.neighbours(slot) for slot in best_slots}
        wanted = {*best_slots, *(one for slots in near.values() for one in slots)}
        stored = self._collection.manifest.chunks(int(view.rows[slot]) for slot in wanted)
        passages: list[Passage] = []
        read: set[int] = set()
        for slot in best_slots:
            hit = stored.get(int(view.rows[slot]))
            if slot in read or hit is None:
                continue
            read.add(slot)
            around: dict[int, Chunk] = {}
            for other in near[slot]:
                neighbour = stored.get(int(view.rows[other]))
                if other not in read and neighbour:
                    read.add(other)
                    around[other - slot] = neighbour.chunk
            found_by = tuple(name for name, slots in finders if slot in slots)
            rank, score = len(passages) + 1, ranked[slot]
            passages.append(Passage(hit.chunk, rank, score, found_by, around.get(-1), around.get(1)))
            if len(passages) == count:
                break
        return tuple(passages)
