"""A batch of documents is written: rows, words and vectors, in one transaction and one segment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ragchat.index.prepare import Prepared, in_context
from ragchat.index.recipe import RECIPE
from ragchat.index.segment import Columns, halves

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from ragchat.core.protocols import Embedder
    from ragchat.index.change import Change
    from ragchat.index.segments import Segments
    from ragchat.index.vocabulary import Lexicon

BATCH_CHUNKS = 4_096
"""Large enough that neither transaction nor segment costs much, small enough to be held twice."""

# Chunks, of small documents, that a costly embedder gets at once.
_TOGETHER = 64


@dataclass(frozen=True, slots=True)
class Entry:
    """A document with the final vectors of its chunks, `(chunks, width)`."""

    document: Prepared
    vectors: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Batch:
    """What was written, for the vectors to follow: those of the ids `gone` leave before."""

    ids: list[str]
    vectors: NDArray[np.float32]
    gone: list[str]


def embedded(documents: Sequence[Prepared], embedder: Embedder) -> list[Entry]:
    """`documents` with their vectors, each leant towards its neighbours'; raises `EmbedderError`.

    Those that have none yet are embedded at once.
    """
    without = [document for document in documents if document.vectors is None]
    texts = [chunk.searchable for document in without for chunk in document.chunks]
    made = embedder.embed_documents(texts) if texts else np.empty((0, 0), np.float32)
    entries, start = [], 0
    for document in documents:
        vectors = document.vectors
        if vectors is None:
            vectors = made[start : start + len(document.chunks)]
            start += len(document.chunks)
        entries.append(Entry(document, in_context(vectors, document.words.joined)))
    return entries


def is_enough(documents: Sequence[Prepared]) -> bool:
    """Whether more documents at once would not be embedded any faster."""
    return sum(max(1, len(document.chunks)) for document in documents) >= _TOGETHER


def entries_of(documents: Iterable[Prepared], embedder: Embedder) -> Iterator[Entry]:
    """The same of any number of documents, a few at once."""
    few: list[Prepared] = []
    for document in documents:
        few.append(document)
        if is_enough(few):
            yield from embedded(few, embedder)
            few = []
    yield from embedded(few, embedder)


def write_batch(change: Change, segments: Segments, lexicon: Lexicon, entries: Sequence[Entry]) -> Batch:
    """Write `entries` in place of what their sources held; raises `StorageError`."""
    gone = change.drop(entry.document.source for entry in entries)
    ids = [chunk.id for entry in entries for chunk in entry.document.chunks]
    rows, owners = change.insert([entry.document for entry in entries], ids, RECIPE)
    full = [entry for entry in entries if entry.document.chunks]
    if not full:
        return Batch([], np.empty((0, 0), np.float32), gone)
    vectors = np.concatenate([entry.vectors for entry in full])
    change.add_segment(segments.write(_columns(full, rows, owners, lexicon), [halves(vectors)]))
    return Batch(ids, vectors, gone)


def _columns(
    entries: Sequence[Entry], rows: NDArray[np.int64], owners: NDArray[np.int64], lexicon: Lexicon
) -> Columns:
    parts = [entry.document.words for entry in entries]
    numbers = [np.array(lexicon.numbers(one.words), np.uint32) for one in parts]
    words, firsts, places = np.unique(np.concatenate(numbers), return_index=True, return_inverse=True)
    # Where each document's words begin among those of all, which `places` leads from to the words that differ.
    begins = np.cumsum([0, *map(len, numbers)])
    spelt = [word for one in parts for word in one.words]
    terms = [term for one in parts for term in one.terms]
    distinct = [spelt[at] for at in firsts]
    word_vectors, kinds = lexicon.facts.of(distinct)
    lengths = np.concatenate([np.diff(one.starts) for one in parts])
    return Columns(
        rows=rows,
        documents=owners,
        joined=np.concatenate([one.joined for one in parts]),
        heads=np.concatenate([one.heads for one in parts]),
        starts=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        tokens=np.concatenate(
            [places[begin + one.tokens] for begin, one in zip(begins[:-1], parts, strict=True)]
        ).astype(np.uint32),
        words=words,
        stems=np.array(lexicon.numbers([terms[at] for at in firsts]), np.uint32),
        kinds=kinds,
        word_vectors=word_vectors,
    )
