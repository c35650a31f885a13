"""Scores of different kinds become comparable.

Scaled to 0..1 they are added; measured better than reciprocal ranks, which throw away by how much one passage
beats the next (as in Bruch, Gai and Ingber 2023, arXiv:2210.11934).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def scaled(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """The least becomes 0 and the greatest 1; equal scores tell nothing, and become 1 unless they are zero."""
    low, high = scores.min(), scores.max()
    if high == low:
        return np.full_like(scores, float(high > 0))
    spread: NDArray[np.float32] = (scores - low) / (high - low)
    return spread
