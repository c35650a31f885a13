"""What the ledger adds up to."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from ragchat.errors import StorageError

Grouping: TypeAlias = Literal["provider", "model", "day", "arm"]


@dataclass(frozen=True, slots=True)
class UsageRow:
    """The attempts that share a `key`, which names its parts: `provider`, `model`, `day` or `arm`.

    `requests` were sent, `skipped` were not, `cached` did not have to be; `failed`, those interrupted by the
    end of their process included, is a part of the requests. `cost` in US dollars adds up what is known, and
    is None when nothing is; `unknown_costs` counts the requests without a price. `saved_cost` is, likewise,
    what the answers kept before had cost.
    """

    key: tuple[tuple[str, str], ...]
    requests: int = 0
    skipped: int = 0
    failed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: Decimal | None = None
    unknown_costs: int = 0
    cached: int = 0
    saved_cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class UsageReport:
    """A row for each key, in its order, and all of them together."""

    rows: tuple[UsageRow, ...]
    totals: UsageRow


def usage_report(connection: sqlite3.Connection, by: Grouping) -> UsageReport:
    """Add up the ledger; days are those of the local time zone. Raises `StorageError`."""
    rows: dict[tuple[tuple[str, str], ...], UsageRow] = {}
    totals = UsageRow(())
    try:
        for attempt in connection.execute(
            """
            SELECT at, provider, model, arm, outcome, prompt_tokens, completion_tokens, cost, saved_cost
            FROM attempts
            """
        ):
            key = _key(attempt, by)
            rows[key] = _with(rows.get(key, UsageRow(key)), attempt)
            totals = _with(totals, attempt)
    except sqlite3.Error as error:
        raise StorageError(
            f"The ledger cannot be read: {error}.", "Check the disk and its permissions."
        ) from error
    return UsageReport(tuple(sorted(rows.values(), key=lambda row: row.key)), totals)


def _key(attempt: sqlite3.Row, by: Grouping) -> tuple[tuple[str, str], ...]:
    if by == "day":
        return (("day", f"{datetime.fromisoformat(attempt['at']).astimezone():%Y-%m-%d}"),)
    provider = ("provider", str(attempt["provider"]))
    if by == "arm":
        return (("arm", str(attempt["arm"] or "none")), provider)
    return (provider,) if by == "provider" else (provider, ("model", str(attempt["model"])))


def _with(row: UsageRow, attempt: sqlite3.Row) -> UsageRow:
    if attempt["outcome"] == "skipped":
        return replace(row, skipped=row.skipped + 1)
    if attempt["outcome"] == "cached":
        return replace(row, cached=row.cached + 1, saved_cost=_plus(row.saved_cost, attempt["saved_cost"]))
    return replace(
        row,
        requests=row.requests + 1,
        failed=row.failed + (attempt["outcome"] in {"error", "interrupted"}),
        prompt_tokens=row.prompt_tokens + (attempt["prompt_tokens"] or 0),
        completion_tokens=row.completion_tokens + (attempt["completion_tokens"] or 0),
        cost=_plus(row.cost, attempt["cost"]),
        unknown_costs=row.unknown_costs + (attempt["cost"] is None),
    )


def _plus(known: Decimal | None, cost: str | None) -> Decimal | None:
    return known if cost is None else (known or Decimal(0)) + Decimal(cost)
