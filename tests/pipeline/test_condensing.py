"""Follow-ups are understood with the question before them, and only they."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ragchat.core.answer import Answer, Turn
from ragchat.core.completion import Completion
from ragchat.core.usage import Usage
from ragchat.pipeline.condensing import refers, standalone


def after(*questions: str) -> list[Turn]:
    """The turns of a conversation in which these were asked."""
    answer = Answer(
        "Yes.", Completion("Yes.", "p", "m", Usage(), "stop"), (), (), (), grounded=False, retrieval_s=0.0
    )
    return [Turn(question, answer, datetime.now(UTC)) for question in questions]


@pytest.mark.parametrize(
    "question",
    [
        "and how hot must the oven be?",
        "Why?",
        "What about rye?",
        "How long does it take?",
        "Again?",
        "Is that safe?",
        "How many are there?",
        "What is it?",
        "Which one is hotter?",
        "What temperature?",
    ],
)
def test_a_follow_up_takes_the_question_before_it_along(question: str) -> None:
    assert standalone(question, after("What is injera?", "How long should a loaf cool?")) == (
        f"How long should a loaf cool? {question}"
    )


@pytest.mark.parametrize(
    "question",
    [
        "Which soup do Haitians share on the first of January?",
        "How does that bakery in Lyon keep its sourdough starter alive over the summer?",
        "What is the internal temperature of cooked chicken?",
        "What is tahdig?",
        "Who’s Escoffier?",
        "Are there any desserts from Iran?",
        "Is one egg enough?",
    ],
)
def test_a_question_that_stands_by_itself_stays_as_it_is(question: str) -> None:
    assert standalone(question, after("How long should a loaf cool?")) == question


@pytest.mark.parametrize(
    "question", ["Wie lange hält es sich?", "Et pourquoi ?", "Yeh kya hai?", "これは何ですか"]
)
def test_a_model_is_asked_what_a_question_in_another_language_means(question: str) -> None:
    assert refers(question)


def test_a_model_is_not_asked_about_a_whole_question_in_english() -> None:
    assert not refers("Which soup do Haitians share on the first of January?")


def test_the_first_question_has_nothing_before_it() -> None:
    assert standalone("Why?", []) == "Why?"


def test_a_chain_of_follow_ups_goes_back_to_where_it_began() -> None:
    asked = ("What is injera?", "How long should a loaf cool?", "and why?")
    assert standalone("Is it so?", after(*asked)) == "How long should a loaf cool? and why? Is it so?"


def test_what_lies_far_back_is_left_alone() -> None:
    assert standalone("Why?", after("a b c d?", *["Why?"] * 5)).count("Why?") == 4
