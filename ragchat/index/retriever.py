"""A question becomes passages: found by meaning and by words, looked at again, read with their neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ragchat.core.passage import Passage
from ragchat.embeddings.bundled import BundledEmbedder
from ragchat.errors import EmbedderError, UsageError
from ragchat.index.fusion import scaled
from ragchat.index.nearest import Nearest
from ragchat.index.rerank import WEIGHTS, Candidates, Question, rank
from ragchat.index.spelling import respelt, reworded
from ragchat.index.view import best
from ragchat.index.words import WordVectors
from ragchat.language.questions import expectations
from ragchat.language.terms import STOPWORDS, stemmed, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from ragchat.core.passage import Finder
    from ragchat.core.protocols import Embedder
    from ragchat.index.collection import Collection
    from ragchat.index.view import View


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The passages, best first, no two of which share text; `notices` are for the person who asked.

    `question` is what was searched for: words that no document holds are read as their nearest neighbours.
    `distant`: no passage means what the question means, words alone speak for them. `degraded`: the embedder
    failed.
    """

    passages: tuple[Passage, ...]
    question: str
    notices: tuple[str, ...] = ()
    distant: bool = False
    degraded: bool = False


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts how much; measured in `benchmarks/`, the defaults for the bundled embedder.

    `candidates` are taken from each of the two searches, and the best `examined` of them get the second look;
    more when many passages are asked for. `features` are the weights of the second look.
    A cosine below `noise` says nothing: questions about nothing in the sample data stay below it, nearly all
    others are above. Each embedder has its own; zero knows none.
    """

    candidates: int = 100
    examined: int = 60
    noise: float = 0.26
    first_dense: float = 0.3
    features: tuple[float, ...] = WEIGHTS


# A passage takes its two neighbours out of the running.
_CHUNKS_TAKEN = 3
# So many chunks make up some thousand tokens. Those of them that stand side by side are handed over as one
# passage: the best chunks alone hold more of what answers than fewer chunks with all their neighbours.
_JOINED = 9
# A question longer than this is a pasted text; its first words say what it is about.
_MOST_WORDS = 64
# An ingest writes every second or so, a search takes milliseconds.
_MOST_TRIES = 3
# No word has this number.
_UNKNOWN = -1


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
        self._word_vectors = WordVectors(embedder if isinstance(embedder, BundledEmbedder) else None)

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
        changes = respelt(question, partial(self._frequencies, view))
        notices = tuple(f"Read {word} as {near}: no document holds {word}." for word, near in changes.items())
        question = reworded(question, changes)
        nearest, vector, failure = np.empty(0, np.int64), None, ""
        try:
            nearest, vector = self._near(view, question, self._candidates(count), allowed)
        except EmbedderError as error:
            failure = error.message
        if failure:
            notices = (*notices, f"{failure} The search went by words alone.")
        distant = vector is not None and len(nearest) > 0 and self._is_distant(view, vector, nearest)
        passages = self._passages(view, question, nearest, vector, count, allowed)
        return SearchResult(passages, question, notices, distant=distant, degraded=bool(failure))

    def _is_distant(self, view: View, vector: NDArray[np.float32], nearest: NDArray[np.int64]) -> bool:
        return float(view.similarity(vector, nearest[:1])[0]) < self._weights.noise

    def _frequencies(self, view: View, terms: Iterable[str]) -> dict[str, int]:
        """How many chunks hold each of `terms` that occurs."""
        ids = self._collection.manifest.term_ids(terms)
        counted = zip(ids, view.frequencies(list(ids.values())), strict=True)
        return {term: frequency for term, frequency in counted if frequency}

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

    def _near(
        self, view: View, question: str, candidates: int, allowed: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32] | None]:
        """The slots nearest to the question, best first, and its vector; none where it has no direction."""
        self._collection.require(self._embedder.fingerprint)
        vector = self._embedder.embed_query(question)
        if not vector.any():
            return np.empty(0, np.int64), None
        return self._nearest.find(view, vector, candidates, allowed), vector

    def _passages(
        self,
        view: View,
        question: str,
        nearest: NDArray[np.int64],
        vector: NDArray[np.float32] | None,
        count: int,
        allowed: NDArray[np.bool_] | None,
    ) -> tuple[Passage, ...]:
        asked = self._asked(view, question)
        lexical = view.bm25(np.unique(asked.stems[asked.content]).tolist())
        if allowed is not None:
            lexical[~allowed] = 0.0
        wordy = best(lexical, self._candidates(count), 0.0)
        if vector is not None and not len(wordy):
            nearest = nearest[view.similarity(vector, nearest) >= self._weights.noise]
        slots = np.union1d(nearest, wordy)
        if not len(slots):
            return ()
        dense = np.zeros(len(slots), np.float32) if vector is None else view.similarity(vector, slots)
        slots, scores = self._rank(view, asked, slots, dense, lexical[slots], count)
        finders: tuple[tuple[Finder, NDArray[np.int64]], ...] = (("dense", nearest), ("lexical", wordy))
        return self._read(view, slots, scores, finders, count)

    def _asked(self, view: View, question: str) -> Question:
        """The words of `question` as the second look wants them."""
        found = words(question)[:_MOST_WORDS]
        stems = stemmed(found)
        numbers = self._collection.manifest.term_ids({*found, *stems})
        content = [at for at, word in enumerate(found) if word not in STOPWORDS] or range(len(found))
        firsts = list({stems[at]: at for at in reversed(content)}.values())[::-1]
        known = list(dict.fromkeys(number for stem in stems if (number := numbers.get(stem)) is not None))
        rarity = dict(zip(known, map(view.rarity, view.frequencies(known)), strict=True))
        kinds = expectations(question)
        return Question(
            words=np.array([numbers.get(word, _UNKNOWN) for word in found], np.int64),
            stems=np.array([numbers.get(stem, _UNKNOWN) for stem in stems], np.int64),
            content=np.array(firsts, np.intp),
            vectors=self._word_vectors.of([found[at] for at in firsts]).astype(np.float32),
            rarity=np.array(
                [rarity.get(numbers.get(stem, _UNKNOWN), view.rarity(0)) for stem in stems], np.float32
            ),
            number="number" in kinds,
            date="date" in kinds,
        )

    def _rank(
        self,
        view: View,
        asked: Question,
        slots: NDArray[np.int64],
        dense: NDArray[np.float32],
        lexical: NDArray[np.float32],
        count: int,
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The slots worth a second look, best first, and their scores."""
        weights = self._weights
        first = weights.first_dense * scaled(dense) + (1.0 - weights.first_dense) * scaled(lexical)
        looked = best(first, max(weights.examined, _CHUNKS_TAKEN * count), -1.0)
        slots, dense, lexical = slots[looked], dense[looked], lexical[looked]
        scores = rank(asked, Candidates.of(view, slots, dense, lexical), weights.features)
        order = np.lexsort((slots, -scores))
        return slots[order], scores[order]

    def _read(
        self,
        view: View,
        slots: NDArray[np.int64],
        scores: NDArray[np.float32],
        finders: Sequence[tuple[Finder, NDArray[np.int64]]],
        count: int,
    ) -> tuple[Passage, ...]:
        """The texts of the best slots; what a writer has taken away meanwhile is left out."""
        ranked: list[int] = slots[: count + _JOINED].tolist()
        stored = self._collection.manifest.chunks(view.rows[ranked].tolist())
        chunks = {
            slot: stored[row].chunk
            for slot, row in zip(ranked, view.rows[ranked].tolist(), strict=True)
            if row in stored
        }
        joinable = set(ranked[:_JOINED]) & chunks.keys()
        passages: list[Passage] = []
        for at, slot in enumerate(ranked):
            if len(passages) == count:
                break
            chunk = chunks.pop(slot, None)
            if chunk is None:
                continue
            around = {
                other - slot: chunks.pop(other, None)
                for other in view.neighbours(slot)
                if {slot, other} <= joinable
            }
            found_by = tuple(name for name, found in finders if slot in found)
            passages.append(
                Passage(chunk, len(passages) + 1, float(scores[at]), found_by, around.get(-1), around.get(1))
            )
        return tuple(passages)
