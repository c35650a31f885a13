"""A question becomes passages: found by meaning and by words, looked at again, joined where they adjoin."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from ragchat.core.passage import Search
from ragchat.embeddings.bundled import FINGERPRINT, BundledEmbedder
from ragchat.errors import EmbedderError, UsageError
from ragchat.index.asking import ask, terms_asked
from ragchat.index.damage import damaged
from ragchat.index.examination import Examination
from ragchat.index.fusion import scaled
from ragchat.index.nearest import nearest
from ragchat.index.rerank import CONTEXTUAL_WEIGHTS, WEIGHTS, Candidates, rank
from ragchat.index.selection import Selection
from ragchat.index.spelling import respelt, reworded
from ragchat.index.view import best
from ragchat.index.words import WordFacts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from ragchat.core.passage import Passage
    from ragchat.core.protocols import Embedder
    from ragchat.index.collection import Collection
    from ragchat.index.view import View


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The passages, best first, no two of which share text; `notices` are for the person who asked.

    `search.question` is what was searched for: words that no document holds are read as their nearest neighbours.
    `distant`: no passage means what the question means, words alone speak for them. `degraded`: the embedder
    failed.
    """

    passages: tuple[Passage, ...]
    search: Search
    notices: tuple[str, ...] = ()
    distant: bool = False
    degraded: bool = False


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts how much; measured in `benchmarks/`, the defaults for the bundled embedder.

    `candidates` are taken from each of the two searches, and the best `examined` of them get the second look;
    more when many passages are asked for. `features` are the weights of the second look.
    A cosine below `noise` says nothing: questions about nothing in the sample data stay below it, nearly all
    others are above. Each embedder has its own; zero knows none. `leading` tells whether the first dimensions of
    its vectors say most.
    """

    candidates: int = 100
    examined: int = 60
    noise: float = 0.26
    leading: bool = True
    first_dense: float = 0.3
    features: tuple[float, ...] = WEIGHTS

    @classmethod
    def of(cls, fingerprint: str) -> Weights:
        """Those for the embedder with this fingerprint; how near is near is known of the bundled vectors only."""
        bundled = fingerprint == FINGERPRINT
        return cls() if bundled else cls(noise=0.0, leading=False, first_dense=0.4, features=CONTEXTUAL_WEIGHTS)


# A passage of several chunks takes its neighbours out of the running.
_CHUNKS_TAKEN = 3
_MOST_KNOWN = 10_000
# An ingest writes every second or so, a search takes milliseconds.
_MOST_TRIES = 3


@dataclass(frozen=True, slots=True)
class _Looking:
    """The search by meaning while it goes on: among which slots, `(n,)`, by what vector.

    No `vector` where the question has no direction, or for the `failure` told.
    """

    allowed: NDArray[np.bool_] | None
    vector: NDArray[np.float32] | None = None
    found: Future[NDArray[np.int64]] | None = None
    failure: str = ""


class Retriever:
    """Searches one collection, or those of its documents whose source matches the glob `only`.

    Threads may share it: they are served one after the other.
    """

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
        self._checked: View | None = None
        self._ids_of: View | None = None
        self._known_ids: dict[str, int | None] = {}
        self._word_facts = WordFacts(embedder if isinstance(embedder, BundledEmbedder) else None)
        self._thread = ThreadPoolExecutor(1, "nearest")
        self._searching = Lock()

    def search(self, question: str, count: int) -> SearchResult:
        """The best `count` passages, none where nothing matches; by words alone when the embedder fails.

        Raises `NothingIndexed`, `EmbedderMismatch`, `IndexDamaged`, `IndexOutdated`, and `UsageError` when no
        document matches.
        """
        with self._searching:
            for _ in range(_MOST_TRIES):
                view = self._collection.view()
                self._check(view)
                result = self._search(view, question, count)
                # What was written meanwhile can have taken away what was found.
                if self._collection.view() is view:
                    break
        return result

    def _check(self, view: View) -> None:
        """Raise why `view` cannot be searched; once is enough."""
        if view is not self._checked:
            self._collection.require_documents()
            if not len(view):
                raise damaged("The chunks stand in no segment.", self._collection.folder)
        self._checked = view

    def _search(self, view: View, question: str, count: int) -> SearchResult:
        looking = self._look(view, question, count)
        self._ids(view, terms_asked(question))  # all at once
        changes = respelt(question, partial(self._frequencies, view))
        if changes:
            question = reworded(question, changes)
            looking = self._look(view, question, count)
        notices = tuple(f"Read {word} as {near}: no document holds {word}." for word, near in changes.items())
        if looking.failure:
            notices = (*notices, f"{looking.failure} The search went by words alone.")
        examined = self._examined(view, question, count, looking)
        degraded = bool(looking.failure)
        if examined is None:
            return SearchResult((), Search(question), notices, degraded=degraded)
        scores = rank(examined.question, examined.candidates, self._weights.features)
        selection = Selection(examined, scores, self._collection.manifest, count)
        search = Search(question, examined.found, len(examined.slots), selection.dropped)
        distant = self._is_distant(examined, looking.vector)
        return SearchResult(selection.passages, search, notices, distant=distant, degraded=degraded)

    def examine(self, view: View, question: str, count: int) -> Examination | None:
        """The candidates worth a second look when `count` passages are wanted; None where nothing matches.

        Words alone find them when the embedder fails.
        """
        return self._examined(view, question, count, self._look(view, question, count))

    def _look(self, view: View, question: str, count: int) -> _Looking:
        """Begin to look for what is near `question`, in a thread: most of that is done without the interpreter."""
        allowed, wanted = self._allowed(view), self._wanted(count)
        try:
            self._collection.require(self._embedder.fingerprint)
            vector = self._embedder.embed_query(question)
        except EmbedderError as error:
            return _Looking(allowed, failure=error.message)
        if not vector.any():
            return _Looking(allowed)
        found = self._thread.submit(nearest, view, vector, wanted, allowed, leading=self._weights.leading)
        return _Looking(allowed, vector, found)

    def _wanted(self, count: int) -> int:
        """How many candidates each of the two searches finds."""
        return max(self._weights.candidates, _CHUNKS_TAKEN * count)

    def _is_distant(self, examined: Examination, vector: NDArray[np.float32] | None) -> bool:
        if vector is None or not len(examined.nearest):
            return False
        return float(examined.view.similarity(vector, examined.nearest[:1])[0]) < self._weights.noise

    def _examined(self, view: View, question: str, count: int, looking: _Looking) -> Examination | None:
        asked = ask(partial(self._ids, view), view, self._word_facts, question)
        terms = np.unique(asked.stems[asked.content])
        lexical = view.bm25(terms[terms >= 0].tolist())
        if looking.allowed is not None:
            lexical[~looking.allowed] = 0.0
        wordy = best(lexical, self._wanted(count), 0.0)
        near = looking.found.result() if looking.found else np.empty(0, np.int64)
        vector = looking.vector
        if vector is not None and not len(wordy):
            near = near[view.similarity(vector, near) >= self._weights.noise]
        slots = np.union1d(near, wordy)
        if not len(slots):
            return None
        dense = np.zeros(len(slots), np.float32) if vector is None else view.similarity(vector, slots)
        first_dense = self._weights.first_dense
        first = first_dense * scaled(dense) + (1.0 - first_dense) * scaled(lexical[slots])
        looked = best(first, max(self._weights.examined, _CHUNKS_TAKEN * count), -1.0)
        found, slots = len(slots), slots[looked]
        candidates = Candidates.of(view, slots, dense[looked], lexical[slots])
        return Examination(view, slots, asked, candidates, near, wordy, first[looked], found)

    def _frequencies(self, view: View, terms: Iterable[str]) -> dict[str, int]:
        """How many chunks hold each of `terms` that occurs."""
        ids = self._ids(view, terms)
        counted = zip(ids, view.frequencies(list(ids.values())), strict=True)
        return {term: frequency for term, frequency in counted if frequency}

    def _ids(self, view: View, terms: Iterable[str]) -> dict[str, int]:
        """The number of each of `terms` that has one; kept as long as the view, and there is room."""
        if view is not self._ids_of or len(self._known_ids) > _MOST_KNOWN:
            self._ids_of, self._known_ids = view, {}
        wanted = set(terms)
        new = wanted - self._known_ids.keys()
        if new:
            self._known_ids |= dict.fromkeys(new) | self._collection.manifest.term_ids(new)
        return {term: number for term in wanted if (number := self._known_ids[term]) is not None}

    def _allowed(self, view: View) -> NDArray[np.bool_] | None:
        """`(n,)`: which slots may be found; None allows all."""
        if self._only is None:
            return None
        documents = self._collection.manifest.documents_below(self._only)
        if not documents:
            raise UsageError(f"No indexed document matches {self._only}.", "See them all: ragchat docs list")
        return np.isin(view.documents, documents)
