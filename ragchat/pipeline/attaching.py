"""A text handed over with a question becomes passages, before those that are found in the documents."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ragchat.core.document import Document, Section
from ragchat.core.passage import Passage
from ragchat.core.place import STDIN
from ragchat.documents.split import split
from ragchat.index.fusion import scaled
from ragchat.index.retriever import Weights
from ragchat.language.terms import query_terms, terms

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ragchat.core.protocols import Embedder
    from ragchat.index.retriever import SearchResult


class PassageSearch(Protocol):
    """Finds passages."""

    def search(self, question: str, count: int) -> SearchResult:
        """As `Retriever.search`."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """What is read of a text, in its order; `pieces` is how many there were to choose from."""

    passages: tuple[Passage, ...]
    pieces: int


class Attaching:
    """A search with an `attachment`: its passages come first, and those of the documents behind them."""

    def __init__(self, search: PassageSearch, attachment: Attachment) -> None:
        self._search = search
        self._attached = attachment.passages

    def search(self, question: str, count: int) -> SearchResult:
        """As `PassageSearch.search`; `count` is of the documents' passages."""
        result = self._search.search(question, count)
        found = (replace(passage, rank=len(self._attached) + passage.rank) for passage in result.passages)
        # The question may be about what was handed over, in its words, however far off the documents are.
        search = replace(result.search, question=question)
        return replace(result, passages=(*self._attached, *found), search=search, distant=False)


def attach(text: str, question: str, most: int, embedder: Callable[[], Embedder]) -> Attachment:
    """At the most `most` passages of `text`, which came on stdin; of more, those nearest to `question`."""
    chunks = list(split(Document(STDIN, text, "", (Section(0, len(text)),))))
    scores = np.ones(len(chunks), np.float32)
    if len(chunks) > most:
        scores = _scores([chunk.text for chunk in chunks], question, embedder())
    chosen = sorted(np.argsort(-scores, kind="stable")[:most].tolist())
    passages = (Passage(chunks[at], rank, float(scores[at]), ()) for rank, at in enumerate(chosen, start=1))
    return Attachment(tuple(passages), len(chunks))


def _scores(texts: Sequence[str], question: str, embedder: Embedder) -> NDArray[np.float32]:
    """How near each text is to the question, in 0..1: by meaning, and by the rarer of its words."""
    dense = embedder.embed_documents(texts) @ embedder.embed_query(question)
    asked = query_terms(question)
    holds = np.array([[term in held for term in asked] for held in map(set, map(terms, texts))], np.float32)
    rarity = np.log((1 + len(texts)) / (1 + holds.sum(axis=0)))
    weight = Weights().first_dense
    scores: NDArray[np.float32] = weight * scaled(dense) + (1 - weight) * scaled(holds @ rarity)
    return scores
