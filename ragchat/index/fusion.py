"""Several rankings become one.

A convex combination of scores scaled to 0..1; measured better than reciprocal ranks, which throw away by how much
one passage beats the next (as in Bruch, Gai and Ingber 2023, arXiv:2210.11934).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Scores: TypeAlias = "Mapping[int, float]"


def fuse(rankings: Iterable[tuple[float, Scores]]) -> dict[int, float]:
    """The weighted sum of `rankings`, each scaled; best first, ties in order of row.

    The weights should add up to one; a row that a ranking lacks counts zero there.
    """
    fused: dict[int, float] = {}
    for weight, scores in rankings:
        for row, score in _scaled(scores).items():
            fused[row] = fused.get(row, 0.0) + weight * score
    return dict(sorted(fused.items(), key=lambda item: (-item[1], item[0])))


def _scaled(scores: Scores) -> dict[int, float]:
    """Least to 0 and greatest to 1; equal scores tell nothing, and count one unless they are zero."""
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if high == low:
        return dict.fromkeys(scores, 1.0 if high > 0 else 0.0)
    return {row: (score - low) / (high - low) for row, score in scores.items()}
