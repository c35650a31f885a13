"""What a provider asks for its models is asked of itself, once a day, and never before it may be."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

import pytest

from ragchat.core.pricing import Price
from ragchat.errors import GenerationError
from ragchat.generation.chain.router import Router
from ragchat.generation.providers.catalogue import listed_prices
from ragchat.generation.providers.deadlines import Deadlines
from ragchat.generation.providers.groq import GroqGenerator
from ragchat.privacy.consent import Permission
from ragchat.usage.budgets import Budget
from ragchat.usage.prices import Prices
from ragchat.usage.quotes import Quotes
from tests.generation.chains import Faraway, extractive, records_of, rows
from tests.generation.listings import GPT_OSS, ListingGroq, listing
from tests.generation.prompts import PROMPT, read
from tests.servers.groq import KEY, answer
from tests.servers.wire import fail

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from ragchat.generation.chain.records import Gate

PRICE = Price(Decimal(1), Decimal(2))


class Nobody:
    """Keeps every prompt here."""

    def permits(self, provider: str, destination: str | None) -> Permission:
        return Permission(allowed=destination is None, reason="You keep it here.")


@pytest.fixture
def server() -> Iterator[ListingGroq]:
    with ListingGroq() as running:
        running.models = listing(GPT_OSS, {**GPT_OSS, "id": "unheard-of"})
        yield running


@pytest.fixture
def faraway(server: ListingGroq) -> Iterator[GroqGenerator]:
    with closing(_made(server, Faraway)) as generator:
        yield generator


def _made(server: ListingGroq, kind: type[GroqGenerator], model: str = "openai/gpt-oss-20b") -> GroqGenerator:
    return kind(
        api_key=KEY,
        base_url=server.url,
        model=model,
        temperature=0.2,
        max_tokens=500,
        deadlines=Deadlines(10, 10),
    )


def _prices(server: ListingGroq) -> dict[str, Price]:
    return listed_prices(server.url, KEY, path="/openai/v1/models", timeout_s=10)


def _routed(
    state: sqlite3.Connection,
    server: ListingGroq,
    generator: GroqGenerator,
    *,
    now: datetime | None = None,
    gate: Gate | None = None,
    budget: Budget | None = None,
) -> Router:
    moment = now or datetime.now(UTC)
    prices = Prices(state, now=lambda: moment)
    quotes = Quotes(state, prices, {"groq": partial(_prices, server)}, lambda: moment)
    records = replace(records_of(state, gate=gate, budget=budget), prices=prices, quotes=quotes)
    return Router([generator, extractive()], records)


def test_an_answer_brings_the_prices_of_the_next(
    state: sqlite3.Connection, server: ListingGroq, faraway: GroqGenerator
) -> None:
    for _ in range(2):
        read(_routed(state, server, faraway).stream(PROMPT))
    first, second = rows(state)
    counted = server.journal[0].usage
    taken = (counted["prompt_tokens"] * Decimal("0.1") + counted["completion_tokens"] * Decimal("0.5")) / 10**6
    assert Decimal(str(second["cost"])) == taken != Decimal(str(first["cost"]))
    assert [exchange.method for exchange in server.journal] == ["POST", "GET", "POST"]


def test_prices_are_asked_for_once_a_day_after_a_failure_too(
    state: sqlite3.Connection, server: ListingGroq, faraway: GroqGenerator
) -> None:
    server.models = fail(500)
    now = datetime.now(UTC)
    for moment in (now, now + timedelta(hours=23), now + timedelta(hours=25)):
        read(_routed(state, server, faraway, now=moment).stream(PROMPT))
    assert server.listed == 2


def test_a_source_that_fails_stops_nothing(state: sqlite3.Connection) -> None:
    def fails() -> dict[str, Price]:
        raise GenerationError("The models were not listed.", failure="garbage")

    Quotes(state, Prices(state), {"groq": fails}).refresh("groq")
    Quotes(state, Prices(state), {}).refresh("groq")


def test_nobody_is_asked_who_may_not_answer(
    state: sqlite3.Connection, server: ListingGroq, faraway: GroqGenerator
) -> None:
    routed = _routed(state, server, faraway, gate=Nobody(), budget=Budget(daily_usd=Decimal(1)))
    assert read(routed.stream(PROMPT))[2].provider == "extractive"
    assert server.journal == []


def test_a_server_on_this_machine_is_not_asked(state: sqlite3.Connection, server: ListingGroq) -> None:
    with closing(_made(server, GroqGenerator)) as groq:
        read(_routed(state, server, groq).stream(PROMPT))
    assert server.listed == 0


@pytest.mark.parametrize(
    ("budget", "methods"),
    [
        (Budget(daily_usd=Decimal(1)), ["GET", "POST"]),
        (Budget(daily_usd=Decimal("0.00001")), ["GET"]),
        (Budget(daily_tokens=100_000), ["POST", "GET"]),
    ],
)
def test_a_budget_in_dollars_asks_before_a_call_of_unknown_price(
    state: sqlite3.Connection, server: ListingGroq, budget: Budget, methods: list[str]
) -> None:
    server.then(answer())
    with closing(_made(server, Faraway, "unheard-of")) as groq:
        read(_routed(state, server, groq, budget=budget).stream(PROMPT))
    assert [exchange.method for exchange in server.journal] == methods


def test_another_server_has_other_prices(state: sqlite3.Connection) -> None:
    here, there = [Prices(state, servers={"openai": f"https://{host}.invalid/v1"}) for host in ("a", "b")]
    Quotes(state, here, {"openai": lambda: {"m": PRICE}}).refresh("openai")
    assert here.worst("openai", "m", 10**6, 0, "a.invalid") == 1
    assert there.worst("openai", "m", 10**6, 0, "b.invalid") is None
    Quotes(state, there, {"openai": lambda: {"m": Price(Decimal(3), Decimal(4))}}).refresh("openai")
    assert there.worst("openai", "m", 10**6, 0, "b.invalid") == 3
