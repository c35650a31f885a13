"""Documents go into a collection, a batch of whole documents at a time."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from ragchat.embeddings.cached import CachedEmbedder
from ragchat.index.batch import BATCH_CHUNKS, Entry, embedded, is_enough, write_batch
from ragchat.index.merging import compact
from ragchat.index.vocabulary import Lexicon

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ragchat.core.protocols import Embedder
    from ragchat.index.collection import Collection
    from ragchat.index.prepare import Prepared

# What a slow embedder has done is kept that often.
_BATCH_S = 5.0
# So many vectors are handed to ChromaDB at once; it stops all else meanwhile.
_FOLLOWING = 2_048
# Beyond this many segments they are merged, though more are to come.
_MOST_SEGMENTS = 24


class Writer:
    """Writes to one collection; the writer's lock must be held as long as it lives.

    Killed at any point, the collection holds each document wholly or not at all. Raises `EmbedderMismatch`
    when the collection was made by another embedder.
    """

    def __init__(self, collection: Collection, embedder: Embedder) -> None:
        self._collection = collection
        self._embedder = embedder
        self._cached = embedder if isinstance(embedder, CachedEmbedder) else None
        self._lexicon: Lexicon | None = None
        self._few: list[Prepared] = []
        self._batch: list[Entry] = []
        self._waiting = 0
        self._since = time.monotonic()
        self._behind: deque[tuple[list[str], NDArray[np.float32]]] = deque()
        self._read = 0
        self.chunks = 0
        """How many were written."""
        self.reused = 0
        """How many of those added had a vector in the cache."""
        collection.adopt(embedder.fingerprint)

    @property
    def notices(self) -> tuple[str, ...]:
        """What a person should know of the embedding."""
        return (self._cached.trouble,) if self._cached and self._cached.trouble else ()

    def add(self, document: Prepared) -> None:
        """Write `document` in place of what its source held, at the latest with `finish`."""
        self._few.append(document)
        self._read += len(document.chunks)
        if document.vectors is not None or is_enough(self._few):
            self._embed()
        # Little by little, as documents come: workers would stand still behind a long stop.
        while self._behind and self._read >= _FOLLOWING:
            self._follow()
        if self._waiting >= BATCH_CHUNKS or time.monotonic() - self._since > _BATCH_S:
            self._flush()

    def remove(self, sources: Sequence[str]) -> None:
        """Remove documents, all or none."""
        self._follow_all()
        if sources:
            self._collection.drop(sources)

    def finish(self) -> None:
        """Write all that was added, or what of it has vectors when the rest gets none; raises `EmbedderError`."""
        try:
            self._embed()
        finally:
            self.keep()

    def keep(self) -> None:
        """Write what has its vectors, and leave few segments behind."""
        self._flush()
        self._follow_all()
        compact(self._collection)

    def _embed(self) -> None:
        documents, self._few = self._few, []
        before = self._cached.reused if self._cached else 0
        self._batch += embedded(documents, self._embedder)
        self.reused += self._cached.reused - before if self._cached else 0
        self._waiting += sum(len(document.chunks) for document in documents)

    def _flush(self) -> None:
        """Write what waits. The manifest first: it is the truth, and until the vectors follow it is unsettled."""
        entries, self._batch, self._waiting, self._since = self._batch, [], 0, time.monotonic()
        if not entries:
            return
        manifest = self._collection.manifest
        self._lexicon = self._lexicon or Lexicon(manifest.connection)
        with manifest.change() as change:
            batch = write_batch(change, self._collection.segments, self._lexicon, entries)
        self._collection.vectors.remove(batch.gone)
        self._follow_all()
        for start in range(0, len(batch.ids), _FOLLOWING):
            some = slice(start, start + _FOLLOWING)
            self._behind.append((batch.ids[some], batch.vectors[some]))
        self._read = 0
        self.chunks += len(batch.ids)
        if len(self._collection.view().segments) > _MOST_SEGMENTS:
            compact(self._collection)

    def _follow(self) -> None:
        """Let some vectors follow what the manifest holds already."""
        self._collection.vectors.add(*self._behind.popleft())
        self._read -= _FOLLOWING

    def _follow_all(self) -> None:
        while self._behind:
            self._follow()
