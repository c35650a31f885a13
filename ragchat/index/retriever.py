"""A question becomes passages: found by meaning and by words, looked at again, read with their neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragchat.core.passage import Passage
from ragchat.errors import EmbedderError, UsageError
from ragchat.index.fusion import fuse
from ragchat.index.lexical import best_rows, rarity, terms_of
from ragchat.index.rerank import examine
from ragchat.language.terms import query_terms, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ragchat.core.document import Chunk
    from ragchat.core.passage import Finder
    from ragchat.core.protocols import Embedder
    from ragchat.index.collection import Collection
    from ragchat.index.schema import StoredChunk


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
        self._manifest = collection.manifest
        self._embedder = embedder
        self._weights = weights or Weights()
        self._only = only

    def search(self, question: str, count: int) -> SearchResult:
        """The best `count` passages, none where nothing matches; by words alone when the embedder fails.

        Raises `NothingIndexed`, `EmbedderMismatch`, `IndexDamaged`, and `UsageError` when no document matches.
        """
        self._collection.refresh()
        self._collection.require_documents()
        allowed = self._allowed()
        notices: tuple[str, ...] = ()
        try:
            nearest = self._nearest(question, self._candidates(count), allowed)
        except EmbedderError as error:
            nearest, notices = [], (f"{error.message} The search went by words alone.",)
        else:
            if not nearest and self._collection.has_lost_vectors():
                notices = ("The vectors are gone; the search went by words alone. Ingest again.",)
        with self._manifest.snapshot():
            distant = bool(nearest) and nearest[0][1] < self._weights.noise
            return SearchResult(self._passages(question, nearest, count), notices, distant)

    def _allowed(self) -> dict[str, int] | None:
        """Id and row of each chunk that may be found; None allows all."""
        if self._only is None:
            return None
        allowed = self._manifest.rows_below(self._only)
        if not allowed:
            raise UsageError(f"No indexed document matches {self._only}.", "See them all: ragchat docs list")
        return allowed

    def _candidates(self, count: int) -> int:
        return max(self._weights.candidates, _CHUNKS_TAKEN * count)

    def _nearest(self, question: str, candidates: int, allowed: dict[str, int] | None) -> list[tuple[str, float]]:
        self._collection.require(self._embedder.fingerprint)
        vector = self._embedder.embed_query(question)
        among = None if allowed is None else list(allowed)
        return self._collection.vectors.nearest(vector, candidates, among) if vector.any() else []

    def _passages(self, question: str, nearest: Sequence[tuple[str, float]], count: int) -> tuple[Passage, ...]:
        wanted = query_terms(question)[:_MOST_TERMS]
        known = self._manifest.rows(name for name, _ in nearest)
        dense = {known[name]: similarity for name, similarity in nearest if name in known}
        # Asked anew: rows may have changed since the vectors were searched.
        allowed = self._allowed()
        among = None if allowed is None else allowed.values()
        lexical = best_rows(self._manifest.connection, wanted, self._candidates(count), among)
        if not lexical:
            dense = {row: similarity for row, similarity in dense.items() if similarity >= self._weights.noise}
        scores = self._rank(wanted, dense, lexical, count)
        finders: tuple[tuple[Finder, dict[int, float]], ...] = (("dense", dense), ("lexical", lexical))
        passages: list[Passage] = []
        read: set[tuple[int, int]] = set()
        for hit in self._stored(scores):
            if len(passages) == count:
                break
            if (hit.document, hit.position) not in read:
                found_by = tuple(name for name, rows in finders if hit.row in rows)
                before, after = self._surroundings(hit, read)
                passages.append(Passage(hit.chunk, len(passages) + 1, scores[hit.row], found_by, before, after))
        return tuple(passages)

    def _rank(
        self, wanted: Sequence[str], dense: dict[int, float], lexical: dict[int, float], count: int
    ) -> dict[int, float]:
        weights = self._weights
        first = fuse(((weights.first_dense, dense), (1.0 - weights.first_dense, lexical)))
        rows = list(first)[: max(weights.examined, _CHUNKS_TAKEN * count)]
        windows = self._windows(rows)
        _, chunks = self._manifest.counts()
        evidence = examine(windows, wanted, rarity(self._manifest.connection, wanted, chunks))
        return fuse(
            (
                (weights.dense, {row: dense.get(row, min(dense.values(), default=0.0)) for row in rows}),
                (weights.words, {row: lexical.get(row, 0.0) for row in rows}),
                (weights.window, evidence.words),
                (weights.coverage, evidence.coverage),
                (weights.adjacency, evidence.adjacency),
            )
        )

    def _windows(self, rows: Sequence[int]) -> dict[int, list[str]]:
        """The terms of each chunk with those of its neighbours: a document's chunks have adjacent rows."""
        near = self._manifest.chunks({row + step for row in rows for step in (-1, 0, 1)})
        found = terms_of(self._manifest.connection, near)
        windows: dict[int, list[str]] = {}
        for row in rows:
            if row in near:
                # The heading stands before every chunk; in a window it counts once.
                skip = len(words(near[row].chunk.heading))
                windows[row] = found[row] + [
                    term
                    for step in (-1, 1)
                    if _belongs(near.get(row + step), near[row])
                    for term in found[row + step][skip:]
                ]
        return windows

    def _stored(self, rows: Iterable[int]) -> list[StoredChunk]:
        stored = self._manifest.chunks(rows)
        return [stored[row] for row in rows if row in stored]

    def _surroundings(self, hit: StoredChunk, read: set[tuple[int, int]]) -> tuple[Chunk | None, Chunk | None]:
        """The chunks before and after `hit` that belong to it and are not in `read` yet; `read` grows."""
        read.add((hit.document, hit.position))
        near = self._manifest.chunks((hit.row - 1, hit.row + 1))
        found: dict[int, Chunk] = {}
        for step in (-1, 1):
            neighbour = near.get(hit.row + step)
            if neighbour and _belongs(neighbour, hit) and (neighbour.document, neighbour.position) not in read:
                read.add((neighbour.document, neighbour.position))
                found[step] = neighbour.chunk
        return found.get(-1), found.get(1)


def _belongs(neighbour: StoredChunk | None, hit: StoredChunk) -> bool:
    """Whether two chunks in adjacent rows are one text under one heading; two records never are."""
    if neighbour is None or neighbour.document != hit.document or neighbour.chunk.heading != hit.chunk.heading:
        return False
    return neighbour.chunk.end == hit.chunk.start or neighbour.chunk.start == hit.chunk.end
