"""What lies nearest to a question: looked at one by one while that is quick, else by ChromaDB's graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ragchat.index.view import best

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ragchat.index.collection import Collection
    from ragchat.index.view import View

# Up to so many numbers the exact search is the quicker one, and loads no ChromaDB.
_EXACT = 50_000 * 256
# So many chunks may have come since the graph was opened before it is opened again: they are looked at one by one.
_MOST_NEWER = 20_000


class Nearest:
    """Finds the slots of one collection that are nearest to a vector."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._opened: object = None
        self._last_row = -1

    def find(
        self, view: View, vector: NDArray[np.float32], count: int, allowed: NDArray[np.bool_] | None
    ) -> NDArray[np.int64]:
        """The `count` nearest slots of `view`, best first; only those `allowed`, `(n,)`, where that is given."""
        if allowed is not None or len(view) * len(vector) <= _EXACT or not self._is_open(view):
            scores = view.similarities(vector)
            if allowed is not None:
                scores[~allowed] = -1.0
            return best(scores, count, -1.0)
        found = self._asked(view, vector, count)
        if len(found) < count // 2:
            # The graph is old: it knows above all what has been removed since.
            self._opened = None
            if self._is_open(view):
                found = self._asked(view, vector, count)
        slots = np.union1d(found, np.arange(self._first_newer(view), len(view)))
        return slots[best(view.similarity(vector, slots), count, -1.0)]

    def _asked(self, view: View, vector: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        """Those of the `count` nearest by the graph that are in the view."""
        rows = self._collection.manifest.rows(self._collection.vectors.nearest(vector, count))
        return view.slots(np.array(sorted(rows.values()), np.int64))

    def _is_open(self, view: View) -> bool:
        """Whether the graph can be asked; it is opened, or opened again, where that is worth it."""
        manifest = self._collection.manifest
        here = (manifest, manifest.vectors_folder)
        if self._opened == here and len(view) - self._first_newer(view) <= _MOST_NEWER:
            return True
        if manifest.is_unsettled:
            return self._opened == here  # somebody is writing: what is opened now would lack something
        self._collection.reopen_vectors()
        self._opened, self._last_row = here, int(view.rows[-1])
        return True

    def _first_newer(self, view: View) -> int:
        return int(np.searchsorted(view.rows, self._last_row, side="right"))
