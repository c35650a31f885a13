"""What a session took adds up, and nothing unknown is called zero."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.conversation.summary import Durations, Summary, summarise
from ragchat.core.answer import Answer
from ragchat.core.completion import Completion
from ragchat.core.usage import Usage

if TYPE_CHECKING:
    from ragchat.core.completion import Finish


def _completion(provider: str, usage: Usage, finish: Finish = "stop") -> Completion:
    return Completion("", provider, "m", usage, finish)


def _answer(provider: str, usage: Usage, finish: Finish = "stop", retrieval_s: float = 0.0) -> Answer:
    return Answer("", _completion(provider, usage, finish), (), (), (), False, retrieval_s)


def test_what_is_known_adds_up_and_what_is_not_is_counted() -> None:
    summary = summarise(
        [
            _answer("groq", Usage(100, 10, total_s=1.5, cost=Decimal("0.001"))),
            _answer("ollama", Usage(50, None, total_s=2.0, cost=None)),
            _answer("groq", Usage(1, 2, total_s=0.5, cost=Decimal("0.002"), source="estimate")),
        ]
    )
    assert summary.providers == (("groq", 2), ("ollama", 1))
    assert (summary.prompt_tokens, summary.completion_tokens, summary.estimated) == (151, 12, True)
    assert (summary.cost, summary.unknown_costs) == (Decimal("0.003"), 1)


def test_every_question_has_one_ending_and_the_share_of_those_answered_to_the_end_is_the_success() -> None:
    finishes: list[Finish] = ["stop", "length", "degraded", "cut"]
    summary = summarise([_answer("groq", Usage(), finish) for finish in finishes], failed=1)
    assert (summary.written, summary.quoted, summary.cut, summary.failed) == (2, 1, 1, 1)
    assert (summary.questions, summary.success) == (5, 0.6)


def test_nothing_asked_is_nothing_and_no_success() -> None:
    assert summarise([]) == Summary()
    assert (Summary().questions, Summary().cost, Summary().success) == (0, Decimal(0), None)


def test_what_it_took_to_rewrite_a_follow_up_belongs_to_its_answer() -> None:
    rewriting = _completion("ollama", Usage(40, 8, total_s=0.25, cost=None))
    answer = _answer("groq", Usage(100, 10, first_token_s=0.5, total_s=1.0, cost=Decimal("0.001")), "stop", 0.125)
    summary = summarise([replace(answer, rewriting=rewriting)])
    assert summary.providers == (("groq", 1),)
    assert (summary.prompt_tokens, summary.completion_tokens) == (140, 18)
    assert (summary.cost, summary.unknown_costs) == (Decimal("0.001"), 1)
    assert summary.first_token == Durations(1, 0.5, 0.5)
    assert summary.in_all == Durations(1, 1.375, 1.375)
    assert summary.retrieval == Durations(1, 0.125, 0.125)


@pytest.mark.parametrize(("had_cost", "saved"), [(Decimal("0.25"), "0.25"), (None, "0")])
def test_what_came_from_memory_is_saved_and_says_nothing_of_how_fast_a_model_is(
    had_cost: Decimal | None, saved: str
) -> None:
    asked = _answer("groq", Usage(100, 10, first_token_s=0.5, total_s=1.0, cost=Decimal("0.25")))
    again = _completion("groq", Usage(0, 0, first_token_s=0.001, total_s=0.002, cost=Decimal(0)))
    summary = summarise([asked, replace(asked, completion=replace(again, cached=True, saved_cost=had_cost))])
    assert (summary.cached, summary.saved_cost, summary.cost) == (1, Decimal(saved), Decimal("0.25"))
    assert summary.first_token == Durations(1, 0.5, 0.5)
    assert summary.in_all == Durations(2, 0.501, 1.0)


def test_a_sentence_that_is_quoted_is_no_token_of_a_model() -> None:
    quoted = _answer("extractive", Usage(first_token_s=0.001, total_s=0.002, cost=Decimal(0)), "degraded")
    assert summarise([quoted]).first_token is None


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=200))
def test_five_of_a_hundred_at_the_most_took_longer_than_the_95th_percentile(seconds: list[float]) -> None:
    in_all = summarise([_answer("groq", Usage(total_s=each)) for each in seconds]).in_all
    assert in_all is not None
    assert in_all.p95_s in seconds
    assert sum(each > in_all.p95_s for each in seconds) <= 0.05 * len(seconds)
    assert sum(each >= in_all.p95_s for each in seconds) > 0.05 * len(seconds)
