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
        self._opened: str | None = None
        self._last_row = -1

    def find(
        self, view: View, vector: NDArray[np.float32], count: int, allowed: NDArray[np.bool_] | None
    ) -> NDArray[np.int64]:
        """The `count` nearest slots of `view`, best first; only those `allowed`, `(n,)`, where that is given."""
        if allowed is not None or len(view) * len(vector) <= _EXACT:
            scores = view.similarities(vector)
            if allowed is not None:
                scores[~allowed] = -1.0
            return best(scores, count, -1.0)
        return self._by_graph(view, vector, count)

    def _by_graph(self, view: View, vector: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        newer = int(np.searchsorted(view.rows, self._last_row, side="right"))
        if self._opened != self._collection.manifest.vectors_folder or len(view) - newer > _MOST_NEWER:
            self._collection.reopen_vectors()
            self._opened = self._collection.manifest.vectors_folder
            self._last_row, newer = int(view.rows[-1]), len(view)
        rows = self._collection.manifest.rows(self._collection.vectors.nearest(vector, count))
        found = view.slots(np.array(sorted(rows.values()), np.int64))
        slots = np.concatenate((found, np.arange(newer, len(view))))
        return slots[best(view.similarity(vector, slots), count, -1.0)]
