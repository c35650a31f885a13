"""Scores of different kinds become comparable."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ragchat.index.fusion import scaled

SCORES = arrays(np.float32, st.integers(1, 20), elements=st.integers(0, 1000).map(float))


def test_the_least_becomes_zero_and_the_greatest_one() -> None:
    assert scaled(np.array([5, 1, 3], np.float32)).tolist() == [1.0, 0.0, 0.5]


@pytest.mark.parametrize(("score", "becomes"), [(4.0, 1.0), (0.0, 0.0)])
def test_equal_scores_count_one_and_zeros_nothing(score: float, becomes: float) -> None:
    assert scaled(np.full(3, score, np.float32)).tolist() == [becomes] * 3


@given(SCORES, st.sampled_from([0.25, 2.0, 1024.0]))
def test_neither_unit_nor_order_matters(scores: np.ndarray[tuple[int], np.dtype[np.float32]], unit: float) -> None:
    assert np.array_equal(scaled(scores * np.float32(unit)), scaled(scores))
    assert np.array_equal(scaled(scores[::-1]), scaled(scores)[::-1])
