"""What a conversation took, as it is said at its end."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ragchat.conversation.summary import Durations, Summary
from ragchat.terminal.cells import cells
from ragchat.terminal.views.summary import farewell
from ragchat.usage.budgets import Bound, Remaining

_LONG = Summary(
    written=7,
    quoted=1,
    cut=1,
    failed=1,
    cached=2,
    providers=(("groq", 6), ("ollama", 2), ("extractive", 1)),
    prompt_tokens=6120,
    completion_tokens=431,
    estimated=True,
    cost=Decimal("0.0012"),
    saved_cost=Decimal("0.0008"),
    retrieval=Durations(9, 0.012, 0.02),
    first_token=Durations(6, 0.31, 0.4),
    in_all=Durations(9, 0.91, 1.8),
)


def test_the_farewell_tells_all_in_a_few_lines_that_break_between_facts() -> None:
    left = Remaining(Bound("daily", "usd", Decimal(1)), Decimal("0.42"))
    assert farewell(_LONG, 80, (left,)).plain == (
        "10 questions · answered by groq 6, ollama 2, extractive 1 · 80 % success\n"
        "1 cut short · 1 failed · ~6,120 + 431 tokens · $0.0012\n"
        "2 from memory, $0.0008 saved · 0.31 s first token, p95 0.40 s\n"
        "0.91 s answering, p95 1.8 s · 12 ms search · $0.42 of $1.00 left today"
    )


def test_the_farewell_to_a_short_conversation_is_short() -> None:
    short = Summary(
        quoted=1,
        providers=(("extractive", 1),),
        retrieval=Durations(1, 0.012, 0.012),
        in_all=Durations(1, 0.02, 0.02),
    )
    assert farewell(short, 80).plain == (
        "1 question · answered by extractive · 100 % success · free · 20 ms answering\n12 ms search"
    )


@pytest.mark.parametrize(
    ("unknown", "cost", "said"),
    [(0, "0", "free"), (1, "0", "cost of 1 answer unknown"), (2, "0.25", "$0.2500, cost of 2 answers unknown")],
)
def test_an_unknown_cost_is_never_called_zero(unknown: int, cost: str, said: str) -> None:
    summary = Summary(written=5, providers=(("groq", 5),), cost=Decimal(cost), unknown_costs=unknown)
    assert farewell(summary, None).plain == f"5 questions · answered by groq · 100 % success · {said}"


def test_one_failure_among_very_many_is_no_full_success() -> None:
    assert "99 % success" in farewell(Summary(written=9999, failed=1), None).plain


@pytest.mark.parametrize("width", [20, 40, 80, 120])
def test_no_line_of_the_farewell_is_wider_than_the_screen(width: int) -> None:
    assert max(map(cells, farewell(_LONG, width).plain.split("\n"))) <= width
