"""What lies nearest to a question: every chunk is looked at, by some of its dimensions where there are many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ragchat.index.view import best

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ragchat.index.view import View

# Of fewer chunks all dimensions are looked at as quickly.
_FEW = 20_000
# Of the nearest ten, 9.8 are among so many by the first dimensions, and of the nearest hundred 92 (86,064 chunks
# of twenty corpora). ChromaDB's graph finds 9.3 of ten, and takes half a second to load.
_LOOKED = 2_000
_LOOKED_EACH = 30


def nearest(
    view: View, vector: NDArray[np.float32], count: int, allowed: NDArray[np.bool_] | None, *, leading: bool
) -> NDArray[np.int64]:
    """The `count` slots of `view` nearest to the unit `vector`, best first.

    Only those `allowed`, `(n,)`, are found where that is given. `leading` tells that the first dimensions say
    most: those that are far by them are left out unseen.
    """
    if not leading or len(view) <= _FEW:
        return best(_only(allowed, view.similarities(vector)), count, -1.0)
    leanings = _only(allowed, view.leanings(vector))
    looked = max(_LOOKED, _LOOKED_EACH * count)
    least = np.partition(leanings, -looked)[-looked] if looked < len(leanings) else -1.0
    near = np.flatnonzero((leanings >= least) & (leanings > -1.0))
    return near[best(leanings[near] + view.remainders(vector, near), count, -1.0)]


def _only(allowed: NDArray[np.bool_] | None, scores: NDArray[np.float32]) -> NDArray[np.float32]:
    if allowed is not None:
        scores[~allowed] = -1.0
    return scores
