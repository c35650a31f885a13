"""Chains of providers over a database of their own, and providers that yield what they were given."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ragchat.core.completion import Completion, Delta
from ragchat.core.usage import Usage
from ragchat.generation.chain.health import Health
from ragchat.generation.chain.records import Records
from ragchat.generation.chain.router import Router
from ragchat.generation.providers.groq import GroqGenerator
from ragchat.privacy.consent import Permission
from ragchat.usage.budgets import Budget, Budgets
from ragchat.usage.calibration import Calibration
from ragchat.usage.ledger import Ledger
from ragchat.usage.prices import Prices

if TYPE_CHECKING:
    import sqlite3
    from collections import abc
    from collections.abc import Callable

    from ragchat.core.completion import Piece, Prompt
    from ragchat.core.protocols import Generator
    from ragchat.generation.chain.records import Gate


class Scripted:
    """Yields what it was given; an exception among it is raised."""

    model = "scripted"
    max_tokens = 500
    context = None

    def __init__(self, provider: str, *script: Piece | BaseException, destination: str | None = None) -> None:
        self.provider = provider
        self.destination = destination
        self._script = script
        self.closed = False

    def stream(self, prompt: Prompt) -> abc.Generator[Piece, None, None]:
        try:
            for step in self._script:
                if isinstance(step, BaseException):
                    raise step
                yield step
        finally:
            self.closed = True


def extractive() -> Scripted:
    completion = Completion("Best sentence [1].", "extractive", "", Usage(), "degraded")
    return Scripted("extractive", Delta("Best sentence [1]."), completion)


class Faraway(GroqGenerator):
    """On loopback, and known as what it stands for."""

    destination = "api.groq.com"


class Everyone:
    """Lets every prompt out."""

    def permits(self, provider: str, destination: str | None) -> Permission:
        return Permission(allowed=True)


def utc_now() -> datetime:
    return datetime.now(UTC)


def records_of(
    state: sqlite3.Connection,
    *,
    gate: Gate | None = None,
    budget: Budget | None = None,
    now: Callable[[], datetime] = utc_now,
) -> Records:
    budgets = Budgets(state, budget) if budget else None
    return Records(
        gate=gate or Everyone(),
        ledger=Ledger(state, "notes", budgets),
        health=Health(state, now),
        prices=Prices(state),
        calibration=Calibration(state),
        budgets=budgets,
    )


def router(
    state: sqlite3.Connection,
    *generators: Generator,
    unasked: frozenset[str] = frozenset(),
    gate: Gate | None = None,
    budget: Budget | None = None,
    now: Callable[[], datetime] = utc_now,
    health: list[Health] | None = None,
) -> Router:
    """`health` hears of the records' health, for generators that were made before."""
    records = records_of(state, gate=gate, budget=budget, now=now)
    if health is not None:
        health.append(records.health)
    return Router(generators, records, unasked=unasked)


def rows(state: sqlite3.Connection) -> list[dict[str, object]]:
    return [dict(row) for row in state.execute("SELECT * FROM attempts ORDER BY id")]


def outcomes(state: sqlite3.Connection) -> list[tuple[object, object, object]]:
    return [(row["provider"], row["outcome"], row["error_kind"]) for row in rows(state)]


def forget_health(state: sqlite3.Connection) -> None:
    """As if time had passed: no breaker is open, no model rests."""
    for table in ("breakers", "cool_downs", "limits"):
        state.execute(f"DELETE FROM {table}")
