"""How good one ranking is, defined as in trec_eval (https://github.com/usnistgov/trec_eval).

A ranking holds ids, best first, none twice; a document is relevant or it is not. `relevant` is never empty.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

DEPTH = 10
"""No figure looks further down a ranking."""


def figures(ranking: Sequence[str], relevant: frozenset[str]) -> dict[str, float]:
    """Every figure of one ranking, each between 0 and 1."""
    return {
        "recall@1": recall(ranking, relevant, 1),
        "recall@3": recall(ranking, relevant, 3),
        "recall@5": recall(ranking, relevant, 5),
        "recall@10": recall(ranking, relevant, 10),
        "hit@1": hit(ranking, relevant, 1),
        "hit@5": hit(ranking, relevant, 5),
        "mrr@10": reciprocal_rank(ranking, relevant, 10),
        "ndcg@10": ndcg(ranking, relevant, 10),
    }


def first_rank(ranking: Sequence[str], relevant: frozenset[str]) -> int | None:
    """Where the first relevant document stands, counted from one."""
    return next((rank for rank, name in enumerate(ranking, start=1) if name in relevant), None)


def recall(ranking: Sequence[str], relevant: frozenset[str], depth: int) -> float:
    """The share of the relevant documents that stand among the first `depth`."""
    return len(relevant.intersection(ranking[:depth])) / len(relevant)


def hit(ranking: Sequence[str], relevant: frozenset[str], depth: int) -> float:
    """One when a relevant document stands among the first `depth`: `success` in trec_eval."""
    return float(not relevant.isdisjoint(ranking[:depth]))


def reciprocal_rank(ranking: Sequence[str], relevant: frozenset[str], depth: int) -> float:
    """One over the rank of the first relevant document, zero when it is not among the first `depth`."""
    rank = first_rank(ranking[:depth], relevant)
    return 1.0 / rank if rank else 0.0


def ndcg(ranking: Sequence[str], relevant: frozenset[str], depth: int) -> float:
    """Gains of one, discounted by log2(rank + 1), as a share of what the best ranking would gain."""
    gained = sum(_discounted(rank) for rank, name in enumerate(ranking[:depth], start=1) if name in relevant)
    return gained / sum(_discounted(rank) for rank in range(1, min(depth, len(relevant)) + 1))


def _discounted(rank: int) -> float:
    return 1.0 / math.log2(rank + 1)
