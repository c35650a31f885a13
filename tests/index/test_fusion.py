"""Several rankings become one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.index.fusion import fuse

SCORES = st.dictionaries(st.integers(0, 30), st.integers(0, 1000).map(float), max_size=12)
RANKINGS = st.tuples(SCORES, SCORES, st.floats(0, 1))


def test_the_best_of_each_ranking_counts_its_weight() -> None:
    fused = fuse(((0.3, {1: 5.0, 2: 1.0}), (0.7, {2: 9.0, 3: 4.0})))
    assert fused == pytest.approx({2: 0.7, 1: 0.3, 3: 0.0})
    assert list(fused) == [2, 1, 3]


def test_equal_scores_count_one_and_zeros_nothing() -> None:
    assert fuse(((1.0, {1: 4.0, 2: 4.0}),)) == {1: 1.0, 2: 1.0}
    assert fuse(((1.0, {1: 0.0}),)) == {1: 0.0}
    assert fuse(((1.0, {}),)) == {}


@given(RANKINGS)
def test_fused_scores_lie_between_zero_and_one_best_first_and_ties_by_row(
    rankings: tuple[dict[int, float], dict[int, float], float],
) -> None:
    one, two, weight = rankings
    fused = fuse(((weight, one), (1.0 - weight, two)))
    assert set(fused) == set(one) | set(two)
    assert all(0.0 <= score <= 1.0 + 1e-12 for score in fused.values())
    assert list(fused.items()) == sorted(fused.items(), key=lambda item: (-item[1], item[0]))


@given(RANKINGS, st.sampled_from([0.25, 2.0, 1024.0]))
def test_the_unit_of_a_ranking_does_not_matter(
    rankings: tuple[dict[int, float], dict[int, float], float], unit: float
) -> None:
    one, two, weight = rankings
    scaled = {row: score * unit for row, score in one.items()}
    assert fuse(((weight, one), (1.0 - weight, two))) == fuse(((weight, scaled), (1.0 - weight, two)))


@given(SCORES, st.permutations(range(31)))
def test_the_order_in_which_rows_come_does_not_matter(scores: dict[int, float], order: list[int]) -> None:
    shuffled = {row: scores[row] for row in order if row in scores}
    assert list(fuse(((1.0, scores),)).items()) == list(fuse(((1.0, shuffled),)).items())
