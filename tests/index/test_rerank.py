"""The second look at what was found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.index.rerank import examine

TERM = st.sampled_from(["rice", "salt", "tea", "bread"])
WINDOWS = st.dictionaries(st.integers(0, 9), st.lists(TERM, max_size=20), max_size=6)


def test_a_window_that_holds_more_of_the_question_is_better_covered() -> None:
    evidence = examine({1: ["rice", "salt"], 2: ["rice", "tea"]}, ["rice", "salt"], {"rice": 1.0, "salt": 3.0})
    assert evidence.coverage == {1: 1.0, 2: 0.25}
    assert evidence.words[1] > evidence.words[2]


def test_words_that_stand_together_count_in_either_order() -> None:
    windows = {1: ["salt", "rice"], 2: ["rice", "tea", "salt"]}
    evidence = examine(windows, ["rice", "salt"], {"rice": 1.0, "salt": 1.0})
    assert evidence.adjacency == {1: 0.5, 2: 0.0}


def test_a_rare_word_weighs_more_than_a_common_one() -> None:
    evidence = examine({1: ["rice"], 2: ["salt"]}, ["rice", "salt"], {"rice": 0.1, "salt": 2.0})
    assert evidence.words[2] > evidence.words[1]


@pytest.mark.parametrize("wanted", [[], ["rice"]])
def test_empty_windows_and_words_that_occur_nowhere_give_nothing(wanted: list[str]) -> None:
    evidence = examine({1: [], 2: ["tea"]}, wanted, {})
    for shares in (evidence.words, evidence.coverage, evidence.adjacency):
        assert shares == {1: 0, 2: 0}


@given(
    WINDOWS,
    st.lists(TERM, unique=True),
    st.dictionaries(TERM, st.floats(0.01, 10)),
)
def test_shares_lie_between_zero_and_one(
    windows: dict[int, list[str]], wanted: list[str], weights: dict[str, float]
) -> None:
    rarity = {term: weight for term, weight in weights.items() if term in wanted}
    evidence = examine(windows, wanted, rarity)
    assert set(evidence.words) == set(evidence.coverage) == set(evidence.adjacency) == set(windows)
    for share in (*evidence.coverage.values(), *evidence.adjacency.values()):
        assert 0.0 <= share <= 1.0 + 1e-9
    assert all(score >= 0 for score in evidence.words.values())
