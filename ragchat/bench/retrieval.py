"""How well, and how fast, the program finds what answers a question: its own splitter, index and search."""

from __future__ import annotations

import math
import statistics
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ragchat.bench.context import Stretch, cut, held
from ragchat.bench.metrics import DEPTH, figures, first_rank
from ragchat.embeddings.bundled import BundledEmbedder
from ragchat.errors import EmbedderError
from ragchat.index.collection import Collection
from ragchat.index.prepare import prepare
from ragchat.index.retriever import Retriever, Weights
from ragchat.index.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ragchat.bench.cases import Case, Corpus
    from ragchat.core.passage import Passage
    from ragchat.core.protocols import Embedder

CONTEXT_TOKENS = 1_000
HIT_DEPTH = 5
"""A question without a relevant document among so many is a miss."""

# Up to here the retriever ranks as it does for the few passages that an answer is made from.
_FIRST_PASSAGES = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one case came to: its ranking of documents, its figures by name, and how long the search took."""

    case: Case
    ranking: tuple[str, ...]
    figures: dict[str, float]
    seconds: float

    @property
    def rank(self) -> int | None:
        """Where the first relevant document stands; None below the last that counts."""
        return first_rank(self.ranking, self.case.relevant)


@dataclass(frozen=True, slots=True)
class RetrievalReport:
    """The outcomes of the cases that have a relevant document; `unanswerable` counts the others.

    `ingest_s` is splitting, embedding and writing together.
    """

    embedder: str
    documents: int
    chunks: int
    ingest_s: float
    unanswerable: int
    outcomes: tuple[Outcome, ...]

    @property
    def metrics(self) -> dict[str, float]:
        """The mean of each figure over the cases that have it."""
        names = dict.fromkeys(name for outcome in self.outcomes for name in outcome.figures)
        return {
            name: statistics.fmean(one.figures[name] for one in self.outcomes if name in one.figures)
            for name in names
        }

    @property
    def misses(self) -> tuple[Outcome, ...]:
        """Those without a relevant document among the first five."""
        return tuple(one for one in self.outcomes if not one.figures[f"hit@{HIT_DEPTH}"])

    @property
    def chunks_per_second(self) -> float:
        """How fast the index was made."""
        return self.chunks / self.ingest_s

    def search_s(self, share: float) -> float:
        """The time within which this share of the searches ended: .5 for the median."""
        times = sorted(one.seconds for one in self.outcomes)
        return times[max(0, math.ceil(share * len(times)) - 1)]


def measure_retrieval(
    corpus: Corpus,
    cases: Sequence[Case],
    embedder: Embedder,
    progress: Callable[[int, int, str], None] = lambda _done, _total, _what: None,
) -> RetrievalReport:
    """Index `corpus` in a folder that is removed again, ask `cases` of it, and tell how the rankings are.

    At least one case must have a relevant document. `progress` hears how many steps are done, of how many, and
    of what. Raises `EmbedderError`, also when single questions cannot be embedded: words alone would be
    another measurement.
    """
    answerable = [case for case in cases if case.relevant]
    with temporary_collection() as collection:
        started = time.perf_counter()
        chunks = index(corpus, collection, embedder, progress)
        ingest_s = time.perf_counter() - started
        examiner = _Examiner(Retriever(collection, embedder, Weights.of(embedder.fingerprint)), len(corpus))
        outcomes = []
        for done, case in enumerate(answerable):
            progress(done, len(answerable), "questions")
            outcomes.append(examiner.ask(case))
        progress(len(answerable), len(answerable), "questions")
    unanswerable = len(cases) - len(answerable)
    return RetrievalReport(embedder.fingerprint, len(corpus), chunks, ingest_s, unanswerable, tuple(outcomes))


@contextmanager
def temporary_collection() -> Iterator[Collection]:
    """A collection that goes with the `with` block."""
    with TemporaryDirectory(prefix="ragchat-bench-") as home, closing(Collection(Path(home))) as collection:
        yield collection


def index(
    corpus: Corpus,
    collection: Collection,
    embedder: Embedder,
    progress: Callable[[int, int, str], None] = lambda _done, _total, _what: None,
) -> int:
    """Write every document; how many chunks they became."""
    with collection.writing():
        writer = Writer(collection, embedder)
        for done, document in enumerate(corpus.values()):
            progress(done, len(corpus), "documents")
            writer.add(prepare(document))
        writer.finish()
        return writer.chunks


class _Examiner:
    """Asks the cases of an index of `documents`, and compares what comes with what should."""

    def __init__(self, retriever: Retriever, documents: int) -> None:
        self._retriever = retriever
        self._wanted = min(DEPTH, documents)
        # The yardstick for every embedder.
        self._ruler = BundledEmbedder()

    def ask(self, case: Case) -> Outcome:
        started = time.perf_counter()
        shown = self._search(case, _FIRST_PASSAGES)
        seconds = time.perf_counter() - started
        passages = self._deepened(case, shown)
        ranking = _documents(passages)[:DEPTH]
        return Outcome(case, ranking, figures(ranking, case.relevant) | self._spans(case, passages), seconds)

    def _deepened(self, case: Case, shown: Sequence[Passage]) -> list[Passage]:
        """`shown` with more behind it, until it is of enough documents and fills the context.

        What was found first keeps its place, though a deeper search may see it otherwise: it is what a person
        would be shown.
        """
        passages, latest, count = list(shown), shown, _FIRST_PASSAGES
        while len(latest) == count and not self._suffices(case, passages):
            count *= 2
            latest = self._search(case, count)
            known = {passage.chunk.id for passage in passages}
            passages += [passage for passage in latest if passage.chunk.id not in known]
        return passages

    def _suffices(self, case: Case, passages: Sequence[Passage]) -> bool:
        enough = len(_documents(passages)) >= self._wanted
        return enough and (not case.spans or self._fill_context(passages))

    def _fill_context(self, passages: Sequence[Passage]) -> bool:
        return sum(len(self._ruler.token_ends(passage.text)) for passage in passages) >= CONTEXT_TOKENS

    def _spans(self, case: Case, passages: Sequence[Passage]) -> dict[str, float]:
        if not case.spans:
            return {}
        (source,) = case.relevant
        first = [Stretch.of(passage) for passage in passages[:HIT_DEPTH]]
        context = list(cut(passages, CONTEXT_TOKENS, self._ruler))
        return {
            f"span@{HIT_DEPTH}": float(any(held(source, span, first) for span in case.spans)),
            f"span@{CONTEXT_TOKENS}t": float(all(held(source, span, context) for span in case.spans)),
        }

    def _search(self, case: Case, count: int) -> tuple[Passage, ...]:
        found = self._retriever.search(case.text, count)
        if found.degraded:
            raise EmbedderError(found.notices[0], "That would be another measurement: try again.")
        return found.passages


def _documents(passages: Sequence[Passage]) -> tuple[str, ...]:
    """Passages collapsed to their documents, each where its best passage stands."""
    return tuple(dict.fromkeys(passage.chunk.source for passage in passages))
