"""Prices: known, unknown, nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ragchat.core.usage import Usage
from ragchat.usage.prices import price

USAGE = Usage(prompt_tokens=1000, completion_tokens=100, source="server")


def test_a_paid_answer_costs_what_the_list_says() -> None:
    assert price("groq", "openai/gpt-oss-20b", USAGE, "api.groq.com") == Decimal("0.000105")


def test_cached_tokens_cost_less() -> None:
    usage = Usage(prompt_tokens=1000, cached_tokens=200, completion_tokens=100, source="server")
    assert price("groq", "openai/gpt-oss-20b", usage, "api.groq.com") == Decimal("0.0000975")


def test_a_paid_answer_that_comes_by_way_of_this_machine_costs_the_same() -> None:
    assert price("groq", "openai/gpt-oss-20b", USAGE, None) == Decimal("0.000105")


@pytest.mark.parametrize(
    ("provider", "model", "usage"),
    [
        ("groq", "no-such-model", USAGE),
        ("no-such-provider", "openai/gpt-oss-20b", USAGE),
        ("groq", "openai/gpt-oss-20b", Usage()),
        ("groq", "openai/gpt-oss-20b", Usage(prompt_tokens=9, completion_tokens=9, source="estimate")),
        ("ollama", "llama3.2:3b", USAGE),
    ],
)
def test_what_is_not_known_is_none_and_not_zero(provider: str, model: str, usage: Usage) -> None:
    assert price(provider, model, usage, "elsewhere.invalid") is None


@pytest.mark.parametrize("provider", ["ollama", "extractive"])
def test_what_runs_here_costs_nothing(provider: str) -> None:
    assert price(provider, "llama3.2:3b", Usage(), None) == Decimal(0)
