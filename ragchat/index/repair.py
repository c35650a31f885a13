"""What is missing in an index is made again, from whatever is still there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ragchat.errors import IndexDamaged
from ragchat.index.batch import Entry, embedded
from ragchat.index.rebuild import renew, stored
from ragchat.index.verify import look_into, sound_view

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ragchat.core.protocols import Embedder
    from ragchat.index.collection import Collection
    from ragchat.index.manifest import DocumentRecord
    from ragchat.index.progress import Progress
    from ragchat.index.verify import Verification


def repair(
    collection: Collection,
    embedder: Callable[[], Embedder],
    progress: Progress = lambda _done, _total, _current: None,
) -> Verification:
    """Mend what `verify` finds; what it had found is returned.

    Words come from the texts in the manifest; vectors from segments, else from ChromaDB, else from `embedder`,
    which is not asked for unless both have lost some. Readers see the old index until the end. Raises `IndexBusy`,
    `EmbedderError`, `StorageError`, and `IndexDamaged` when the manifest itself cannot be read.
    """
    with collection.holding():
        found = look_into(collection)
        if not found.ok or collection.manifest.is_unsettled:
            salvage = _Salvage(collection, embedder)
            records = collection.manifest.documents()
            renew(collection, map(salvage.entry, records), collection.embedder or "", len(records), progress)
    return found


class _Salvage:
    """The vectors that are still there."""

    def __init__(self, collection: Collection, embedder: Callable[[], Embedder]) -> None:
        self._collection = collection
        self._embedder = embedder
        self._made: Embedder | None = None
        self._view, _ = sound_view(collection)
        self._rows = collection.manifest.ids()

    def entry(self, record: DocumentRecord) -> Entry:
        document = stored(self._collection.manifest, record)
        ids = [chunk.id for chunk in document.chunks]
        vectors = self._from_segments(ids)
        if vectors is None:
            vectors = self._from_chroma(ids)
        if vectors is not None:
            return Entry(document, vectors)
        self._made = self._made or self._embedder()
        return embedded([document], self._made)[0]

    def _from_segments(self, ids: list[str]) -> NDArray[np.float32] | None:
        slots = self._view.slots(np.array([self._rows[name] for name in ids], np.int64))
        return self._view.vectors(slots) if len(slots) == len(ids) > 0 else None

    def _from_chroma(self, ids: list[str]) -> NDArray[np.float32] | None:
        try:
            held = self._collection.vectors.get(ids)
        except IndexDamaged:
            return None
        return np.stack([held[name] for name in ids]) if ids and held.keys() >= set(ids) else None
