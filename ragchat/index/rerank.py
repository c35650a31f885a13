"""The second look: what the words of a question say about a chunk read with its neighbours.

A chunk is small, so that it is found for what it says; whether it answers is better seen in its surroundings.
No model is needed: term frequencies, how much of the question is covered, which of its words stand together.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# BM25 in windows saturates sooner and punishes length less than in whole documents.
_K1 = 0.9
_B = 0.5


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a chunk, each by row: BM25 of its window, and shares of the question between 0 and 1."""

    words: dict[int, float]
    coverage: dict[int, float]
    adjacency: dict[int, float]


def examine(windows: Mapping[int, Sequence[int]], wanted: Sequence[int], rarity: Mapping[int, float]) -> Evidence:
    """Weigh the terms of each window against the terms `wanted`, in the order of the question.

    `rarity` weighs the terms that occur in the collection at all.
    """
    average = sum(map(len, windows.values())) / max(1, len(windows))
    total = sum(rarity.values()) or 1.0
    pairs = {
        (first, second): min(rarity.get(first, 0.0), rarity.get(second, 0.0)) for first, second in pairwise(wanted)
    }
    evidence = Evidence({}, {}, {})
    for row, window in windows.items():
        counts = Counter(window)
        norm = _K1 * (1.0 - _B + _B * len(window) / average) if average else _K1
        present = {term: counts[term] for term in rarity if term in counts}
        evidence.words[row] = sum(
            rarity[term] * count * (_K1 + 1.0) / (count + norm) for term, count in present.items()
        )
        evidence.coverage[row] = sum(rarity[term] for term in present) / total
        beside = set(pairwise(window)) if pairs else set()
        evidence.adjacency[row] = (
            sum(weight for pair, weight in pairs.items() if pair in beside or pair[::-1] in beside) / total
        )
    return evidence
