"""Vectors at length one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def normalise(vectors: NDArray[np.float32]) -> None:
    """Bring each row of `vectors`, `(n, width)`, to length one, in place; zeros stay zeros."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    np.divide(vectors, norms, out=vectors, where=norms > 0)
