"""Documents go into a collection, a batch of whole documents at a time."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ragchat.documents.load import READERS_VERSION
from ragchat.documents.split import SPLITTER_VERSION, split
from ragchat.index.manifest import Entry
from ragchat.language.terms import TERMS_VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ragchat.core.document import Chunk, Document
    from ragchat.core.protocols import Embedder
    from ragchat.index.collection import Collection

RECIPE = f"readers {READERS_VERSION}, splitter {SPLITTER_VERSION}, terms {TERMS_VERSION}"
"""What makes chunks and words of a file: documents made by another recipe are made again."""

# Chroma's speed stops growing with the batch here.
_BATCH_CHUNKS = 512
# How much of each neighbour's vector is added to a chunk's own; measured in `benchmarks/`.
_LEAN = 0.5


class Writer:
    """Writes to one collection; the writer's lock must be held as long as it lives.

    Killed at any point, the collection holds each document wholly or not at all. Raises `EmbedderMismatch`
    when the collection was made by another embedder.
    """

    def __init__(self, collection: Collection, embedder: Embedder) -> None:
        self._collection = collection
        self._embedder = embedder
        self._batch: list[Entry] = []
        self._waiting = 0
        self.chunks = 0
        """How many were written."""
        collection.adopt(embedder.fingerprint)

    def add(self, document: Document, size: int = 0, modified: int = 0) -> None:
        """Write `document`, at the latest with `flush`; `size` and `modified` are its file's."""
        chunks = tuple(split(document))
        self._batch.append(Entry(document.source, document.id, document.title, chunks, size, modified, RECIPE))
        self._waiting += len(chunks)
        if self._waiting >= _BATCH_CHUNKS:
            self.flush()

    def flush(self) -> None:
        """Write what waits: vectors first, so that the manifest never promises what is not there."""
        if not self._batch:
            return
        chunks = [chunk for entry in self._batch for chunk in entry.chunks]
        ids = [chunk.id for chunk in chunks]
        vectors = _in_context(chunks, self._embedder.embed_documents([chunk.searchable for chunk in chunks]))
        self._collection.manifest.intend(ids)
        self._collection.vectors.add(ids, vectors)
        self._collection.settle(self._collection.manifest.replace(self._batch))
        self.chunks += len(chunks)
        self._batch.clear()
        self._waiting = 0

    def remove(self, sources: Sequence[str]) -> None:
        """Remove documents, all or none."""
        if sources:
            self._collection.settle(self._collection.manifest.replace((), sources))


def _in_context(chunks: Sequence[Chunk], vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """`vectors` leant towards those of the neighbours: a small chunk means what its surroundings are about."""
    if len(chunks) < 2:
        return vectors
    together = np.array(
        [
            (first.document_id, first.heading, first.end) == (second.document_id, second.heading, second.start)
            for first, second in pairwise(chunks)
        ]
    )[:, None]
    leant = vectors.copy()
    leant[1:] += _LEAN * together * vectors[:-1]
    leant[:-1] += _LEAN * together * vectors[1:]
    norms = np.linalg.norm(leant, axis=1, keepdims=True)
    np.divide(leant, norms, out=leant, where=norms > 0)
    return leant
