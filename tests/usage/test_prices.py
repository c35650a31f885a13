"""Prices: known, unknown, nothing."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from ragchat.core.pricing import Price, prices_of
from ragchat.core.usage import Usage
from ragchat.errors import StorageError
from ragchat.usage.prices import KEPT_FOR, Prices
from tests.usage.attempts import NOON

if TYPE_CHECKING:
    import sqlite3

# Asks for the price of what is free here, and of what the user priced.
PUBLISHED_IS_NOT_NEEDED = """
import sys
from decimal import Decimal
from ragchat.core.pricing import Price
from ragchat.usage.prices import Prices
prices = Prices(None, {("groq", "m"): Price(Decimal(1), Decimal(1))})
assert prices.worst("ollama", "m", 1, 1, None) == 0
assert prices.worst("groq", "m", 10**6, 0, "api.groq.com") == 1
print("genai_prices" in sys.modules)
"""

GROQ = ("groq", "openai/gpt-oss-20b")
price = Prices(None).cost
USAGE = Usage(prompt_tokens=1000, completion_tokens=100, source="server")


def test_a_paid_answer_costs_what_the_list_says() -> None:
    assert price("groq", "openai/gpt-oss-20b", USAGE, "api.groq.com") == Decimal("0.000105")


def test_cached_tokens_cost_less() -> None:
    usage = Usage(prompt_tokens=1000, cached_tokens=200, completion_tokens=100, source="server")
    assert price("groq", "openai/gpt-oss-20b", usage, "api.groq.com") == Decimal("0.0000975")


def test_what_anthropic_asks_is_published() -> None:
    usage = Usage(prompt_tokens=1000, cached_tokens=200, completion_tokens=100, source="server")
    assert price("anthropic", "claude-haiku-4-5", usage, "api.anthropic.com") == Decimal("0.00132")


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


@pytest.mark.parametrize("provider", ["ollama", "gguf", "extractive"])
def test_what_runs_here_costs_nothing(provider: str) -> None:
    assert price(provider, "llama3.2:3b", Usage(), None) == Decimal(0)


def test_cached_tokens_are_tokens_of_the_prompt() -> None:
    usage = Usage(prompt_tokens=1000, cached_tokens=9999, completion_tokens=100, source="server")
    assert price(*GROQ, usage, "api.groq.com") == Decimal("0.0000675")


def test_what_is_not_sold_by_the_token_has_no_price() -> None:
    assert price("groq", "whisper-large-v3", USAGE, "api.groq.com") is None


def test_what_is_free_costs_nothing() -> None:
    assert price("openai", "mistralai/mistral-nemo:free", USAGE, "openrouter.ai") == 0


@pytest.mark.parametrize(
    ("model", "destination", "cost"),
    [
        ("gpt-4.1", "api.openai.com", "0.0028"),
        ("openai/gpt-oss-20b", "openrouter.ai", "0.000044"),
        ("gpt-4.1", "models.invalid", None),
        ("gpt-4.1", None, "0.0028"),
        ("tiny.gguf", None, "0"),
    ],
)
def test_the_price_of_a_compatible_server_is_its_host_s(
    model: str, destination: str | None, cost: str | None
) -> None:
    assert price("openai", model, USAGE, destination) == (None if cost is None else Decimal(cost))


def test_an_estimate_costs_nothing_where_everything_does() -> None:
    estimate = Usage(prompt_tokens=9, completion_tokens=9, source="estimate")
    assert price("openai", "tiny.gguf", estimate, None) == 0
    assert price("openai", "gpt-4.1", estimate, None) is None


def test_the_worst_is_everything_at_its_full_price() -> None:
    prices = Prices(None)
    assert prices.worst(*GROQ, 1000, 100, "api.groq.com") == Decimal("0.000105")
    assert prices.worst("groq", "no-such-model", 1000, 100, "api.groq.com") is None
    assert prices.worst("ollama", "phi4", 1000, 100, None) == 0
    assert prices.worst("ollama", "phi4", 1000, 100, "elsewhere.invalid") is None


def test_the_user_s_price_is_before_the_provider_s_and_that_before_the_published(
    state: sqlite3.Connection,
) -> None:
    live = Prices(state)
    live.note(*GROQ, Price(Decimal(1), Decimal(2), Decimal("0.5")))
    usage = Usage(prompt_tokens=1000, cached_tokens=200, completion_tokens=100, source="server")
    assert live.cost(*GROQ, usage, "api.groq.com") == Decimal("0.0011")
    own = Prices(state, {GROQ: Price(Decimal(10), Decimal(20))})
    assert own.cost(*GROQ, usage, "api.groq.com") == Decimal("0.012")
    assert own.cost("groq", "openai/gpt-oss-120b", USAGE, "api.groq.com") == Decimal("0.00021")


def test_the_user_s_price_holds_for_what_nobody_publishes() -> None:
    own = Prices(None, {("ollama", "phi4"): Price(Decimal(1), Decimal(1))})
    assert own.cost("ollama", "phi4", USAGE, "elsewhere.invalid") == Decimal("0.0011")
    assert own.cost("ollama", "phi4", USAGE, None) == Decimal("0.0011")
    assert own.cost("ollama", "phi4", Usage(), None) is None


def test_the_newest_word_of_a_provider_holds_for_a_while(state: sqlite3.Connection) -> None:
    for amount in (1, 2):
        Prices(state, now=lambda: NOON).note("groq", "new", Price(Decimal(amount), Decimal(0)))
    in_time = Prices(state, now=lambda: NOON + KEPT_FOR)
    too_late = Prices(state, now=lambda: NOON + KEPT_FOR + timedelta(seconds=1))
    assert in_time.cost("groq", "new", USAGE, "api.groq.com") == Decimal("0.002")
    assert too_late.cost("groq", "new", USAGE, "api.groq.com") is None


@pytest.mark.parametrize("amount", ["-1", "NaN", "Infinity"])
def test_no_price_is_not_kept_as_one(state: sqlite3.Connection, amount: str) -> None:
    prices = Prices(state)
    for odd in (
        Price(Decimal(amount), Decimal(0)),
        Price(Decimal(0), Decimal(amount)),
        Price(Decimal(0), Decimal(0), Decimal(amount)),
    ):
        prices.note("groq", "new", odd)
    assert prices.cost("groq", "new", USAGE, "api.groq.com") is None


def test_the_published_prices_are_loaded_for_want_of_others_only() -> None:
    command = [sys.executable, "-c", PUBLISHED_IS_NOT_NEEDED]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"


def test_prices_that_cannot_be_read_or_kept_say_so(state: sqlite3.Connection) -> None:
    state.close()
    prices = Prices(state)
    with pytest.raises(StorageError):
        prices.cost(*GROQ, USAGE, "api.groq.com")
    with pytest.raises(StorageError):
        prices.note(*GROQ, Price(Decimal(1), Decimal(1)))


def test_own_prices_are_written_by_provider_and_model() -> None:
    assert prices_of("openai/tiny=0.5/1.5, groq/openai/x=1/2/0.25") == {
        ("openai", "tiny"): Price(Decimal("0.5"), Decimal("1.5")),
        ("groq", "openai/x"): Price(Decimal(1), Decimal(2), Decimal("0.25")),
    }


@pytest.mark.parametrize(
    "text", ["", "tiny=1/2", "openai/tiny=1", "openai/tiny=-1/2", "openai/tiny=1/x", "openai/=1/2"]
)
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="provider/model"):
        prices_of(text)
