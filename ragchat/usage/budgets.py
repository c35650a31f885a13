"""Budgets: what may be spent in a day and in a month, checked before a call is made."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import ROUND_DOWN, ROUND_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Literal, TypeAlias

from ragchat.storage.database import told

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from datetime import date

Period: TypeAlias = Literal["daily", "monthly"]
Unit: TypeAlias = Literal["usd", "tokens", "requests"]

CREATE_BUDGET_WARNINGS = """
CREATE TABLE budget_warnings (
    budget TEXT PRIMARY KEY,
    day TEXT NOT NULL
) WITHOUT ROWID
"""

_WARN_AT = Decimal("0.8")

# What nobody could count is taken at its worst, but for what the server refused: that is not billed.
# What cost nothing has no digit but 0. The costs go out as they stand: SQLite would add up floats.
_SPENT = """
SELECT today, count(*) AS requests, sum(tokens) AS tokens, group_concat(cost, ' ') AS costs
FROM (
    SELECT
        at >= :today AS today,
        coalesce(cost, CASE WHEN coalesce(http_status, 0) < 400 THEN reserved_cost END) AS cost,
        coalesce(
            prompt_tokens + coalesce(completion_tokens, 0),
            completion_tokens,
            CASE WHEN coalesce(http_status, 0) < 400 THEN reserved_tokens END,
            0
        ) AS tokens
    FROM attempts
    WHERE at >= :since AND outcome NOT IN ('skipped', 'cached')
)
WHERE cost IS NULL OR cost GLOB '*[1-9]*'
GROUP BY today
"""


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that may be spent between two local midnights, and in a calendar month; None is no limit.

    Only what costs money counts, in tokens and requests too.
    """

    daily_usd: Decimal | None = None
    monthly_usd: Decimal | None = None
    daily_tokens: int | None = None
    monthly_tokens: int | None = None
    daily_requests: int | None = None


@dataclass(frozen=True, slots=True)
class Worst:
    """The most that a call can take: prompt and completion tokens together, and US dollars.

    `cost` is None when the price is not known.
    """

    tokens: int
    cost: Decimal | None


class OverBudget(Exception):
    """A call that was not made, because it could exceed a budget; `reason` is a sentence for the person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Bound:
    """One limit of a budget."""

    period: Period
    unit: Unit
    most: Decimal

    def __str__(self) -> str:
        return f"{self.period} budget of {_amount(self.unit, self.most)}"


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is `left` of a budget, in its unit; never less than zero."""

    bound: Bound
    left: Decimal

    def __str__(self) -> str:
        """`$0.42 of $1.00 left today`, `0 of 1 request left this month`; money is rounded down."""
        unit, most = self.bound.unit, self.bound.most
        when = "today" if self.bound.period == "daily" else "this month"
        return f"{_number(unit, self.left, ROUND_DOWN)} of {_amount(unit, most)} left {when}"


class Budgets:
    """Compares a budget with what the ledger holds; every method raises `StorageError`.

    An attempt that has not ended, or never will, counts with what it may take at worst.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        budget: Budget,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._connection = connection
        self._bounds = tuple(_bounds(budget))
        self._now = now

    def refusal(self, worst: Worst) -> str | None:
        """Why a call that may take `worst` must not be made, in a sentence; None when it may.

        It holds as long as nobody else begins an attempt: `Ledger.begin` asks inside its transaction.
        """
        if not self._bounds or worst.cost == 0:
            return None
        spent = self._spent()
        more = {"usd": worst.cost, "tokens": Decimal(worst.tokens), "requests": Decimal(1)}
        refusals = (_refusal(bound, spent[bound.period, bound.unit], more[bound.unit]) for bound in self._bounds)
        return next(filter(None, refusals), None)

    @property
    def in_dollars(self) -> bool:
        """Whether a price has to be known to keep to them."""
        return any(bound.unit == "usd" for bound in self._bounds)

    def remaining(self) -> tuple[Remaining, ...]:
        """What is left of each budget; calls that have not ended count as they do for `refusal`."""
        if not self._bounds:
            return ()
        spent = self._spent()
        return tuple(
            Remaining(bound, max(Decimal(0), bound.most - spent[bound.period, bound.unit]))
            for bound in self._bounds
        )

    def warnings(self) -> tuple[str, ...]:
        """A sentence for each budget of which 80 % is spent; none that was given before on this day."""
        if not self._bounds:
            return ()
        spent = self._spent()
        return tuple(
            _warning(bound, used)
            for bound in self._bounds
            if (used := spent[bound.period, bound.unit]) >= bound.most * _WARN_AT
            and bound.most > 0
            and self._is_news(bound)
        )

    def _spent(self) -> dict[tuple[Period, Unit], Decimal]:
        today, month = _midnights(self._now())
        since = month if any(bound.period == "monthly" for bound in self._bounds) else today
        spent: defaultdict[tuple[Period, Unit], Decimal] = defaultdict(Decimal)
        with told("What was spent cannot be read", InvalidOperation):
            for row in self._connection.execute(_SPENT, {"today": today, "since": since}):
                usd = sum(map(Decimal, (row["costs"] or "").split()), Decimal(0))
                periods: tuple[Period, ...] = ("daily", "monthly") if row["today"] else ("monthly",)
                for period in periods:
                    spent[period, "usd"] += usd
                    spent[period, "tokens"] += row["tokens"]
                    spent[period, "requests"] += row["requests"]
        return spent

    def _is_news(self, bound: Bound) -> bool:
        with told("A warning cannot be noted"):
            cursor = self._connection.execute(
                """
                INSERT INTO budget_warnings VALUES (?, ?)
                ON CONFLICT (budget) DO UPDATE SET day = excluded.day WHERE day <> excluded.day
                """,
                (f"{bound.period} {bound.unit}", f"{self._now().astimezone():%Y-%m-%d}"),
            )
        return cursor.rowcount == 1


def _bounds(budget: Budget) -> Iterator[Bound]:
    limits: tuple[tuple[Period, Unit, Decimal | int | None], ...] = (
        ("daily", "usd", budget.daily_usd),
        ("monthly", "usd", budget.monthly_usd),
        ("daily", "tokens", budget.daily_tokens),
        ("monthly", "tokens", budget.monthly_tokens),
        ("daily", "requests", budget.daily_requests),
    )
    for period, unit, most in limits:
        if most is not None:
            yield Bound(period, unit, Decimal(most))


def _midnights(now: datetime) -> tuple[str, str]:
    """When this local day and this month began, as the ledger writes times."""
    day = now.astimezone().date()
    return _start(day), _start(day.replace(day=1))


def _start(day: date) -> str:
    # Not `astimezone`: it is an hour early for a midnight that the change to summer time leaves out.
    return datetime.fromtimestamp(datetime.combine(day, time()).timestamp(), UTC).isoformat()


def _refusal(bound: Bound, used: Decimal, more: Decimal | None) -> str | None:
    if more is None:
        return f"What this model costs is not known, so the {bound} cannot be kept: tell it by RAGCHAT_PRICES."
    if used + more <= bound.most:
        return None
    if bound.unit == "requests":
        return f"The {bound} is used up."
    verb, amounts = ("cost", _amount) if bound.unit == "usd" else ("take", _number)
    return (
        f"The {bound} is used up: {amounts(bound.unit, used)} spent, "
        f"this answer may {verb} up to {amounts(bound.unit, more)}."
    )


def _warning(bound: Bound, used: Decimal) -> str:
    if used >= bound.most:
        return f"The {bound} is used up."
    return f"{int(used * 100 / bound.most)} % of the {bound} is spent."


def _amount(unit: Unit, value: Decimal) -> str:
    if unit == "usd":
        return _number(unit, value)
    return f"{_number(unit, value)} {unit.removesuffix('s') if value == 1 else unit}"


def _number(unit: Unit, value: Decimal, rounding: str = ROUND_UP) -> str:
    """`$1.00`, `$0.0004` or `12,000`; money is rounded up, so that none of it shows as nothing."""
    if unit != "usd":
        return f"{value:,f}"
    cents = value.quantize(Decimal("0.01"), rounding)
    exact = value.quantize(Decimal("0.0001"), rounding)
    return f"${cents:,}" if value >= 1 or cents == exact else f"${exact:,}"
