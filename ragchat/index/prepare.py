"""A document becomes what is written: chunks, their terms and their vectors."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ragchat.core.document import identity
from ragchat.documents.split import split
from ragchat.embeddings.unit import normalise
from ragchat.index.duplicates import signature
from ragchat.language.terms import stemmed, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ragchat.core.document import Chunk, Document
    from ragchat.core.protocols import Embedder

# How much of each neighbour's vector is added to a chunk's own; measured in `benchmarks/`.
_LEAN = 0.5


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a document's chunks: `tokens` are indices into `words`, each of which has its term in `terms`.

    Chunk i has `tokens[starts[i]:starts[i + 1]]`, the first `heads[i]` of them its heading's. `joined[i]` is one
    where the next chunk goes on with the same text under the same heading.
    """

    words: tuple[str, ...]
    terms: tuple[str, ...]
    tokens: NDArray[np.uint32]
    starts: NDArray[np.int64]
    heads: NDArray[np.uint16]
    joined: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document ready to be written, with what the file system said of its file.

    `digest` names the text wherever it is, `signature` is by what near duplicates are found. `vectors`, each
    chunk's own, is None until somebody has embedded the chunks.
    """

    source: str
    id: str
    title: str
    size: int
    modified: int
    digest: str
    signature: bytes
    encoding: str | None
    warnings: tuple[str, ...]
    chunks: tuple[Chunk, ...]
    words: Words
    vectors: NDArray[np.float32] | None = None


def prepare(
    document: Document,
    *,
    size: int = 0,
    modified: int = 0,
    encoding: str | None = None,
    embedder: Embedder | None = None,
) -> Prepared:
    """Split `document` and find its words, and its vectors where there is an embedder; raises `EmbedderError`.

    `size` and `modified` are its file's, `encoding` is as what it was to be read.
    """
    chunks = tuple(split(document))
    words = words_of(chunks)
    return Prepared(
        source=document.source,
        id=document.id,
        title=document.title,
        size=size,
        modified=modified,
        digest=identity(document.text),
        signature=signature(words),
        encoding=encoding,
        warnings=document.warnings,
        chunks=chunks,
        words=words,
        vectors=embedder.embed_documents([chunk.searchable for chunk in chunks]) if embedder else None,
    )


def words_of(chunks: Sequence[Chunk]) -> Words:
    """The words of the chunks of one document."""
    numbers: dict[str, int] = {}
    tokens: list[int] = []
    starts, heads = [0], []
    heading, of_heading = "", []
    for chunk in chunks:
        if chunk.heading != heading:
            heading, of_heading = chunk.heading, words(chunk.heading)
        tokens += [numbers.setdefault(word, len(numbers)) for word in of_heading]
        tokens += [numbers.setdefault(word, len(numbers)) for word in words(chunk.text)]
        starts.append(len(tokens))
        heads.append(min(len(of_heading), np.iinfo(np.uint16).max))
    joined = [_goes_on(first, second) for first, second in pairwise(chunks)]
    return Words(
        tuple(numbers),
        tuple(stemmed(tuple(numbers))),
        np.array(tokens, np.uint32),
        np.array(starts, np.int64),
        np.array(heads, np.uint16),
        np.array([*joined, False], np.uint8)[: len(chunks)],
    )


def in_context(vectors: NDArray[np.float32], joined: NDArray[np.uint8]) -> NDArray[np.float32]:
    """`vectors` leant towards those of the neighbours: a small chunk means what its surroundings are about."""
    if not joined.any():
        return vectors
    together = joined[:-1, None].astype(np.float32)
    leant = vectors.copy()
    leant[1:] += _LEAN * together * vectors[:-1]
    leant[:-1] += _LEAN * together * vectors[1:]
    normalise(leant)
    return leant


def _goes_on(first: Chunk, second: Chunk) -> bool:
    return (first.heading, first.end) == (second.heading, second.start)
