"""All that a collection holds, in a form that can be compared: two that were made in different ways must agree."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ragchat.index.retriever import Retriever
from ragchat.index.vocabulary import all_terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ragchat.core.document import Chunk
    from ragchat.core.protocols import Embedder
    from ragchat.index.collection import Collection


@dataclass(frozen=True, slots=True)
class Contents:
    """Ids of documents by source; places, words and vectors of chunks by id; ids in ChromaDB; passages found."""

    documents: dict[str, str]
    chunks: dict[str, tuple[str, int, str]]
    words: dict[str, tuple[str, ...]]
    vectors: dict[str, NDArray[np.float32]]
    in_chromadb: frozenset[str]
    live: int
    found: tuple[frozenset[tuple[str, float]], ...]


def contents(
    collection: Collection, embedder: Embedder, questions: Sequence[str] = (), *, count: int = 1000
) -> Contents:
    """What `collection` holds now, and the best `count` passages.

    Ties among them may come in any order, and of copies any one.
    """
    manifest, view = collection.manifest, collection.view()
    names = {number: word for word, number in all_terms(manifest.connection).items()}
    rows = manifest.ids()
    stored = manifest.chunks(rows.values())
    slots = {name: int(slot) for name, row in rows.items() for slot in view.slots(np.array([row], np.int64))}
    retriever = Retriever(collection, embedder)
    return Contents(
        documents={record.source: record.id for record in manifest.documents()},
        chunks={name: _place(stored[row].position, stored[row].chunk) for name, row in rows.items()},
        words={name: tuple(names[int(word)] for word in view.words(slot)) for name, slot in slots.items()},
        vectors={name: view.vectors(np.array([slot]))[0] for name, slot in slots.items()},
        in_chromadb=frozenset(collection.vectors.ids()),
        live=view.chunks,
        found=tuple(
            frozenset(
                (part.text, round(passage.score, 3))
                for passage in retriever.search(question, count).passages
                for part in passage.parts
            )
            for question in questions
            if rows
        ),
    )


def assert_same(one: Contents, other: Contents) -> None:
    """Both hold the same; a vector that went through ChromaDB may differ in its last place."""
    assert replace(one, vectors={}) == replace(other, vectors={})
    assert one.vectors.keys() == other.vectors.keys()
    for name, vector in one.vectors.items():
        np.testing.assert_allclose(vector, other.vectors[name], atol=1e-6)


def assert_between(there: Contents, before: Contents, after: Contents) -> None:
    """Each document is there as it was before, or as it is after, or not at all."""
    for source in there.documents:
        assert _chunks_of(there, source) in (_chunks_of(before, source), _chunks_of(after, source))


def _chunks_of(there: Contents, source: str) -> dict[str, tuple[str, int, str]]:
    return {name: place for name, place in there.chunks.items() if place[0] == source}


def _place(position: int, chunk: Chunk) -> tuple[str, int, str]:
    return chunk.source, position, chunk.text
