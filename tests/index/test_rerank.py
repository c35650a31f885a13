"""The second look at what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.index.rerank import FEATURES, WEIGHTS, Candidates, Question, features, rank
from ragchat.index.view import Facts
from ragchat.index.words import DATE, NUMBER, WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence

VOCABULARY = ("rice", "rices", "salt", "tea", "bread", "seven", "1999", "")
STEMS = (1, 1, 2, 3, 4, 5, 6, 0)
WORD = st.sampled_from(VOCABULARY[:-1])


def _facts() -> Facts:
    """Each stem has a direction of its own; bread lies halfway to tea."""
    vectors = np.zeros((len(VOCABULARY), WIDTH), np.float32)
    for number, stem in enumerate(STEMS[:-1]):
        vectors[number, stem] = 1.0
    vectors[4, 3] = vectors[4, 4] = np.sqrt(0.5)
    kinds = np.array([0, 0, 0, 0, 0, NUMBER, NUMBER | DATE, 0], np.uint8)
    numbers = np.array([*range(1, len(VOCABULARY)), 0], np.int64)
    return Facts(numbers, np.array(STEMS, np.int64), kinds, vectors)


def _padded(texts: Sequence[Sequence[str]]) -> np.ndarray[tuple[int, int], np.dtype[np.intp]]:
    longest = max(1, *map(len, texts))
    rows = [[*map(VOCABULARY.index, text), *[len(VOCABULARY) - 1] * (longest - len(text))] for text in texts]
    return np.array(rows, np.intp).T


def _candidates(
    own: Sequence[Sequence[str]], near: Sequence[Sequence[str]] = (), dense: Sequence[float] = ()
) -> Candidates:
    none = [0.0] * len(own)
    return Candidates(
        _padded(own),
        _padded(near or [[]] * len(own)),
        _facts(),
        np.array(dense or none, np.float32),
        np.array(none, np.float32),
    )


def _question(*words: str, number: bool = False, date: bool = False) -> Question:
    """A word that the vocabulary lacks is known by no number."""
    places = [VOCABULARY.index(word) if word in VOCABULARY else None for word in words]
    facts = _facts()
    return Question(
        np.array([-1 if at is None else facts.words[at] for at in places], np.int64),
        np.array([-1 if at is None else facts.stems[at] for at in places], np.int64),
        np.arange(len(words)),
        np.array([np.zeros(WIDTH) if at is None else facts.vectors[at] for at in places], np.float32),
        np.ones(len(words), np.float32),
        np.zeros(len(words), bool),
        number=number,
        date=date,
    )


def _measured(question: Question, candidates: Candidates, feature: str) -> list[float]:
    return [round(float(value), 3) for value in features(question, candidates)[:, FEATURES.index(feature)]]


def test_what_lies_near_in_meaning_counts_by_how_near_it_is() -> None:
    candidates = _candidates([["tea"], ["bread"], ["salt"]])
    assert _measured(_question("tea"), candidates, "soft_own") == [1.0, 0.707, 0.0]


def test_neighbours_count_for_the_window_and_not_for_the_chunk() -> None:
    candidates = _candidates([["rice"], ["rice"]], [["salt"], []])
    question = _question("rice", "salt")
    assert _measured(question, candidates, "soft_own") == [0.5, 0.5]
    assert _measured(question, candidates, "soft_window") == [1.0, 0.5]


def test_the_same_stem_is_no_match_as_written() -> None:
    candidates = _candidates([["rice"], ["rices"]])
    assert _measured(_question("rice"), candidates, "soft_own") == [1.0, 1.0]
    assert _measured(_question("rice"), candidates, "written_window") == [1.0, 0.0]


def test_words_that_follow_each_other_as_in_the_question_count() -> None:
    candidates = _candidates([["rice", "salt"], ["salt", "rice"], ["rice", "tea", "salt"]])
    assert _measured(_question("rice", "salt"), candidates, "pairs_own") == [0.5, 0.0, 0.0]


def test_words_close_together_count_more_than_words_far_apart() -> None:
    apart = ["rice", *["tea"] * 40, "salt"]
    spans = _measured(_question("rice", "salt"), _candidates([["rice", "salt"], apart]), "soft_span")
    assert spans == [1.0, 0.5]


def test_an_answer_of_the_kind_that_is_asked_for_counts_unless_the_question_says_it() -> None:
    candidates = _candidates([["rice", "seven"], ["rice", "1999"], ["rice", "tea"]])
    assert _measured(_question("rice", number=True), candidates, "number") == [1.0, 1.0, 0.0]
    assert _measured(_question("rice", date=True), candidates, "date") == [0.0, 1.0, 0.0]
    assert _measured(_question("rice", "seven", number=True), candidates, "number") == [0.0, 1.0, 0.0]
    assert _measured(_question("rice"), candidates, "number") == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("words", [("soup",), ("soup", "rice")])
def test_a_word_that_no_document_holds_matches_nothing(words: tuple[str, ...]) -> None:
    found = features(_question(*words), _candidates([["tea"], []]))
    assert not found[:, 1:].any()


@given(
    st.lists(WORD, min_size=1, max_size=6, unique=True),
    st.lists(st.tuples(st.lists(WORD, max_size=40), st.lists(WORD, max_size=30)), min_size=1, max_size=5),
)
def test_scores_do_not_depend_on_the_order_of_candidates_and_never_pass_one(
    words: list[str], texts: list[tuple[list[str], list[str]]]
) -> None:
    own, near = [list(one) for one, _ in texts], [list(other) for _, other in texts]
    question = _question(*words, number=True)
    scores = rank(question, _candidates(own, near))
    again = rank(question, _candidates(own[::-1], near[::-1]))
    assert np.allclose(scores, again[::-1], atol=1e-6)
    assert scores.shape == (len(texts),)
    assert (scores >= 0).all()
    assert (scores <= 1).all()
    assert len(WEIGHTS) == len(FEATURES)
