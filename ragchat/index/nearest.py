"""What lies nearest to a question: looked at one by one while that is quick, else by ChromaDB's graph."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from ragchat.index.view import best

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

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
        self._view: View | None = None
        self._last_row = -1

    def begin(
        self, view: View, vector: NDArray[np.float32], count: int, allowed: NDArray[np.bool_] | None
    ) -> Callable[[], NDArray[np.int64]]:
        """Begin to look for the `count` nearest slots of `view`; what is returned waits for them, best first.

        Only those `allowed`, `(n,)`, are found where that is given. The graph is asked in a thread of its own.
        """
        if allowed is not None or len(view) * len(vector) <= _EXACT or not self._is_open(view):
            return partial(_exactly, view, vector, count, allowed)
        return partial(self._by_graph, view, vector, count, self._ask(vector, count))

    def _by_graph(
        self, view: View, vector: NDArray[np.float32], count: int, asked: Future[list[str]]
    ) -> NDArray[np.int64]:
        found = self._here(view, asked)
        if len(found) < count // 2:
            # The graph is old: it knows above all what has been removed since.
            self._view = self._opened = None
            if self._is_open(view):
                found = self._here(view, self._ask(vector, count))
        slots = np.union1d(found, np.arange(self._first_newer(view), len(view)))
        return slots[best(view.similarity(vector, slots), count, -1.0)]

    def _ask(self, vector: NDArray[np.float32], count: int) -> Future[list[str]]:
        return self._thread.submit(self._collection.vectors.nearest, vector, count)

    def _here(self, view: View, asked: Future[list[str]]) -> NDArray[np.int64]:
        """Those of the nearest by the graph that are in the view."""
        rows = self._collection.manifest.rows(asked.result())
        return view.slots(np.array(sorted(rows.values()), np.int64))

    def _is_open(self, view: View) -> bool:
        """Whether the graph can be asked; it is opened, or opened again, where that is worth it."""
        if self._view is view:
            return True
        manifest = self._collection.manifest
        here = (manifest, manifest.vectors_folder)
        if self._opened == here and len(view) - self._first_newer(view) <= _MOST_NEWER:
            self._view = view
            return True
        if manifest.is_unsettled:
            return self._opened == here  # somebody is writing: what is opened now would lack something
        self._collection.reopen_vectors()
        self._opened, self._last_row, self._view = here, int(view.rows[-1]), view
        return True

    @cached_property
    def _thread(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(1, "nearest")

    def _first_newer(self, view: View) -> int:
        return int(np.searchsorted(view.rows, self._last_row, side="right"))


def _exactly(
    view: View, vector: NDArray[np.float32], count: int, allowed: NDArray[np.bool_] | None
) -> NDArray[np.int64]:
    scores = view.similarities(vector)
    if allowed is not None:
        scores[~allowed] = -1.0
    return best(scores, count, -1.0)
