"""The line below an answer."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from ragchat.core.completion import NOT_FOUND, Completion
from ragchat.core.usage import Usage
from ragchat.terminal.views.answer import status
from tests.terminal.scripted import answer

_REASONED = Usage(1204, 87, 1024, 60, first_token_s=0.31, total_s=0.9, cost=Decimal("0.00012"), source="server")


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (
            None,
            "groq openai/gpt-oss-20b · 12 ms search · 0.31 s first token · 0.91 s · 1,204 + 87 tokens · $0.0001",
        ),
        (
            40,
            "groq openai/gpt-oss-20b · 12 ms search\n0.31 s first token · 0.91 s\n1,204 + 87 tokens · $0.0001",
        ),
    ],
)
def test_the_status_line_breaks_between_facts_only(width: int | None, shown: str) -> None:
    assert status(answer("Wrap it [1]."), width).plain == shown


def test_the_status_line_leaves_out_what_nobody_knows_and_says_what_a_cost_is_not() -> None:
    unknown = answer("x", usage=Usage(total_s=0.5), finish="length")
    assert status(unknown, None).plain.endswith("· 0.51 s · cost unknown · stopped at the length limit")


def test_the_status_line_marks_estimates_and_free_answers() -> None:
    partial = answer("x", usage=Usage(900, 20, total_s=1.0, cost=Decimal(0), source="estimate"), finish="cut")
    assert status(partial, None).plain.endswith("· ~900 + 20 tokens · free · cut short")


@pytest.mark.parametrize(
    ("text", "said"),
    [("Wrap it.", "· no source backs this answer"), (NOT_FOUND, "· $0.0001")],
)
def test_the_status_line_says_that_nothing_is_cited_unless_the_answer_does(text: str, said: str) -> None:
    assert status(answer(text, cited=False, grounded=False), None).plain.endswith(said)


def test_the_status_line_leaves_unsupported_sentences_to_the_notice_about_them() -> None:
    doubtful = replace(answer("x", cited=False, grounded=False), unsupported=("Rye keeps for a year.",))
    assert status(doubtful, None).plain.endswith("· $0.0001")


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (None, "· 0.91 s · 1,204 (1,024 cached) + 87 (60 reasoning) tokens · $0.0001"),
        (80, "· 0.91 s\n1,204 (1,024 cached) + 87 (60 reasoning) tokens · $0.0001"),
        (40, "· 0.91 s\n1,204 + 87 tokens · $0.0001"),
    ],
)
def test_cached_and_reasoning_tokens_are_told_where_that_takes_no_line_more(width: int | None, shown: str) -> None:
    assert status(answer("x", usage=_REASONED), width).plain.endswith(shown)


def test_details_that_nobody_counted_or_that_are_none_are_not_told() -> None:
    usage = replace(_REASONED, cached_tokens=0, reasoning_tokens=None)
    assert "1,204 + 87 tokens" in status(answer("x", usage=usage), None).plain


def _followed_up(rewriting: Usage) -> str:
    asked = replace(answer("x"), rewriting=Completion("q", "ollama", "m", rewriting, "stop"))
    return status(asked, None).plain


def test_a_follow_up_takes_what_its_rewriting_took_too() -> None:
    said = _followed_up(Usage(40, 8, total_s=0.25, cost=Decimal("0.0003"), source="estimate"))
    assert said == (
        "groq openai/gpt-oss-20b · 0.25 s rewriting · 12 ms search · 0.31 s first token · 1.2 s"
        " · ~1,244 + 95 tokens · $0.0004"
    )


def test_a_cost_of_which_a_part_is_unknown_is_a_least() -> None:
    assert _followed_up(Usage(40, 8, total_s=0.25)).endswith(" · at least $0.0001")


def test_what_came_from_memory_looks_unlike_what_was_paid_for() -> None:
    usage = Usage(0, 0, first_token_s=0.001, total_s=0.002, cost=Decimal(0))
    shown = answer("x")
    again = replace(shown.completion, usage=usage, cached=True, saved_cost=Decimal("0.00012"))
    said = status(replace(shown, completion=again), None).plain
    assert said == "groq openai/gpt-oss-20b (from memory) · 12 ms search · 14 ms · free"
