"""ChromaDB follows the manifest: what it lacks is added, what it should not have is taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ragchat.index.damage import damaged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ragchat.index.collection import Collection
    from ragchat.index.vectors import Vectors

_BATCH = 2_000


def reconcile(collection: Collection) -> None:
    """Give ChromaDB the vectors it lacks and take away those it should not have; the writer's lock must be held.

    Raises `IndexDamaged` when it cannot be read, or when the segments lack a vector too.
    """
    held, known = collection.vectors.ids(), collection.manifest.ids()
    collection.vectors.remove(sorted(held - known.keys()))
    _add(collection, collection.vectors, {name: row for name, row in known.items() if name not in held})


def remake(collection: Collection) -> None:
    """Put a new ChromaDB with all vectors in the place of one that cannot be read; the lock must be held."""
    with collection.new_vectors() as vectors:
        _add(collection, vectors, collection.manifest.ids())
        with collection.manifest.change() as change:
            change.set_property("vectors_folder", vectors.name)
            change.count()
    collection.close_vectors()
    collection.sweep()


def _add(collection: Collection, vectors: Vectors, wanted: Mapping[str, int]) -> None:
    """Add the vectors of ids and their rows, in order of row, from the segments."""
    ids = sorted(wanted, key=wanted.__getitem__)
    view = collection.view()
    for start in range(0, len(ids), _BATCH):
        some = ids[start : start + _BATCH]
        slots = view.slots(np.array([wanted[name] for name in some], np.int64))
        if len(slots) < len(some):
            raise damaged(f"{len(some) - len(slots):,} chunks stand in no segment.", collection.folder)
        vectors.add(some, view.vectors(slots))
