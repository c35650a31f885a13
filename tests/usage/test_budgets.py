"""Budgets hold before a call is made, whoever makes it."""

from __future__ import annotations

import multiprocessing
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ragchat.assembly.state import STATE_FILE, open_state
from ragchat.core.usage import Usage
from ragchat.errors import StorageError
from ragchat.usage.budgets import Budget, Budgets, OverBudget, Worst
from ragchat.usage.ledger import Ending, Ledger
from tests.usage.attempts import ATTEMPT, NOON, local_time

if TYPE_CHECKING:
    import sqlite3
    from multiprocessing.synchronize import Barrier
    from pathlib import Path

    from ragchat.usage.ledger import Outcome

DOLLAR = Budget(daily_usd=Decimal(1))
CENT = Worst(1000, Decimal("0.01"))

# Nothing of the parent's open connections may reach a child: SQLite does not survive a fork.
_processes = multiprocessing.get_context("spawn")


def spend(
    state: sqlite3.Connection,
    cost: str | None,
    at: datetime = NOON,
    *,
    outcome: Outcome = "ok",
    tokens: tuple[int, int] = (0, 0),
) -> None:
    ledger = Ledger(state, "notes", now=lambda: at)
    usage = Usage(*tokens, cost=None if cost is None else Decimal(cost))
    ledger.finish(ledger.begin(ATTEMPT), Ending(outcome, usage))


def refusal(state: sqlite3.Connection, budget: Budget, worst: Worst = CENT, at: datetime = NOON) -> str | None:
    return Budgets(state, budget, lambda: at).refusal(worst)


def test_what_fits_exactly_is_allowed_and_no_more(state: sqlite3.Connection) -> None:
    spend(state, "0.98")
    assert refusal(state, DOLLAR, Worst(1, Decimal("0.02"))) is None
    said = refusal(state, DOLLAR, Worst(1, Decimal("0.03")))
    assert said == "The daily budget of $1.00 is used up: $0.98 spent, this answer may cost up to $0.03."


def test_small_sums_are_not_shown_as_nothing(state: sqlite3.Connection) -> None:
    spend(state, "0.00012")
    said = refusal(state, Budget(monthly_usd=Decimal("0.0001")), Worst(1, Decimal("0.0000001")))
    assert said == "The monthly budget of $0.0001 is used up: $0.0002 spent, this answer may cost up to $0.0001."


def test_tokens_and_requests_have_budgets_too(state: sqlite3.Connection) -> None:
    spend(state, "0.01", tokens=(9000, 500))
    assert refusal(state, Budget(daily_tokens=10_500, monthly_tokens=10_500, daily_requests=2)) is None
    tokens = "of 10,000 tokens is used up: 9,500 spent, this answer may take up to 1,000."
    assert refusal(state, Budget(daily_tokens=10_000)) == f"The daily budget {tokens}"
    assert refusal(state, Budget(monthly_tokens=10_000)) == f"The monthly budget {tokens}"
    assert refusal(state, Budget(daily_requests=1)) == "The daily budget of 1 request is used up."


def test_what_remains_is_told_of_each_budget_and_is_never_less_than_nothing(state: sqlite3.Connection) -> None:
    spend(state, "0.57001", tokens=(9000, 500))
    budget = Budget(Decimal(1), Decimal("0.5"), 10_000, 9_000, 1)
    assert [str(remaining) for remaining in Budgets(state, budget, lambda: NOON).remaining()] == [
        "$0.4299 of $1.00 left today",
        "$0.00 of $0.50 left this month",
        "500 of 10,000 tokens left today",
        "0 of 9,000 tokens left this month",
        "0 of 1 request left today",
    ]


def test_where_no_budget_is_set_nothing_remains_to_be_told(state: sqlite3.Connection) -> None:
    assert Budgets(state, Budget()).remaining() == ()


def test_a_free_call_is_never_refused_and_takes_nothing_away(state: sqlite3.Connection) -> None:
    nothing = Budget(Decimal(0), Decimal(0), 0, 0, 0)
    assert refusal(state, nothing, Worst(10**9, Decimal(0))) is None
    assert refusal(state, nothing) is not None
    spend(state, "0.00", tokens=(5000, 0))
    assert refusal(state, Budget(daily_tokens=1000, daily_requests=1)) is None


def test_an_unknown_price_cannot_keep_a_budget_of_dollars(state: sqlite3.Connection) -> None:
    unknown = Worst(1000, None)
    said = refusal(state, DOLLAR, unknown)
    assert said is not None
    assert said.startswith("What this model costs is not known, so the daily budget of $1.00 cannot be kept")
    assert refusal(state, Budget(daily_tokens=1000, daily_requests=1), unknown) is None


def test_what_has_not_ended_counts_with_its_reservation(state: sqlite3.Connection) -> None:
    ledger = Ledger(state, "notes", now=lambda: NOON)
    row = ledger.begin(ATTEMPT, Worst(9000, Decimal("0.995")))
    assert refusal(state, DOLLAR) is not None
    assert refusal(state, Budget(daily_tokens=9500)) is not None
    ledger.finish(row, Ending("ok", Usage(100, 10, cost=Decimal("0.001"))))
    assert refusal(state, DOLLAR) is None
    assert refusal(state, Budget(daily_tokens=9500)) is None


@pytest.mark.parametrize("outcome", ["partial", "cancelled", "error", "interrupted"])
def test_what_nobody_counted_counts_with_its_reservation(state: sqlite3.Connection, outcome: Outcome) -> None:
    ledger = Ledger(state, "notes", now=lambda: NOON)
    ledger.finish(ledger.begin(ATTEMPT, Worst(9000, Decimal("0.995"))), Ending(outcome))
    assert refusal(state, DOLLAR) is not None
    assert refusal(state, Budget(daily_tokens=9500)) is not None


def test_what_the_server_refused_is_a_request_and_no_bill(state: sqlite3.Connection) -> None:
    ledger = Ledger(state, "notes", now=lambda: NOON)
    ledger.finish(ledger.begin(ATTEMPT, Worst(9000, Decimal("0.995"))), Ending("error", http_status=429))
    assert refusal(state, Budget(daily_usd=Decimal(1), daily_tokens=9500)) is None
    assert refusal(state, Budget(daily_requests=1)) is not None


@pytest.mark.parametrize("outcome", ["skipped", "cached"])
def test_what_was_not_sent_is_no_request(state: sqlite3.Connection, outcome: Outcome) -> None:
    spend(state, None, outcome=outcome)
    assert refusal(state, Budget(daily_requests=1)) is None


@pytest.mark.parametrize(
    ("zone", "now", "midnight"),
    [
        ("UTC", "2026-11-20T12:00Z", "2026-11-20T00:00Z"),
        ("Asia/Kathmandu", "2026-11-20T12:00Z", "2026-11-19T18:15Z"),
        # The clock changes between midnight and now: forth, and back.
        ("Europe/Berlin", "2026-03-29T12:00Z", "2026-03-28T23:00Z"),
        ("Europe/Berlin", "2026-10-25T12:00Z", "2026-10-24T22:00Z"),
        # There is no midnight, and there are two.
        ("Africa/Cairo", "2026-04-24T12:00Z", "2026-04-23T22:00Z"),
        ("America/Havana", "2026-11-01T12:00Z", "2026-11-01T04:00Z"),
    ],
)
def test_a_day_begins_at_local_midnight(
    state: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, zone: str, now: str, midnight: str
) -> None:
    at, start = datetime.fromisoformat(now), datetime.fromisoformat(midnight)
    with local_time(monkeypatch, zone):
        spend(state, "1", start - timedelta(microseconds=1))
        assert refusal(state, DOLLAR, at=at) is None
        spend(state, "1", start)
        assert refusal(state, DOLLAR, at=at) is not None


def test_a_month_begins_on_its_first_day(state: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    budget = Budget(daily_usd=Decimal(1), monthly_usd=Decimal(1))
    with local_time(monkeypatch, "Europe/Berlin"):
        # The first of October begins in summer time, its last day ends in winter time.
        start, last = datetime.fromisoformat("2026-09-30T22:00Z"), datetime.fromisoformat("2026-10-31T22:59Z")
        spend(state, "1", start - timedelta(microseconds=1))
        assert refusal(state, budget, at=last) is None
        spend(state, "1", start)
        said = refusal(state, budget, at=last)
    assert said == "The monthly budget of $1.00 is used up: $1.00 spent, this answer may cost up to $0.01."


def test_without_a_budget_nothing_is_read(state: sqlite3.Connection) -> None:
    state.close()
    budgets = Budgets(state, Budget())
    assert budgets.refusal(CENT) is None
    assert budgets.warnings() == ()


def test_what_cannot_be_read_says_so(state: sqlite3.Connection) -> None:
    state.close()
    budgets = Budgets(state, DOLLAR)
    with pytest.raises(StorageError) as raised:
        budgets.refusal(CENT)
    assert raised.value.message.startswith("What was spent cannot be read: ")


_COSTS = st.one_of(st.none(), st.decimals(0, 1, places=9))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(st.lists(st.tuples(_COSTS, _COSTS), max_size=20), st.decimals("0.000000001", 1, places=9), st.booleans())
def test_a_call_is_refused_exactly_when_the_sum_is_more_than_the_budget(
    state: sqlite3.Connection,
    attempts: list[tuple[Decimal | None, Decimal | None]],
    worst: Decimal,
    fits: bool,
) -> None:
    state.execute("DELETE FROM attempts")
    ledger = Ledger(state, "notes", now=lambda: NOON)
    for reserved, cost in attempts:
        ledger.finish(ledger.begin(ATTEMPT, Worst(1, reserved)), Ending("ok", Usage(cost=cost)))
    spent = sum(((reserved if cost is None else cost) or Decimal(0)) for reserved, cost in attempts) + worst
    budget = Budget(monthly_usd=spent if fits else spent - Decimal("0.000000001"))
    assert (refusal(state, budget, Worst(1, worst)) is None) is fits


def test_at_80_percent_a_warning_is_given_once_a_day(state: sqlite3.Connection) -> None:
    def warnings(at: datetime = NOON) -> tuple[str, ...]:
        budget = Budget(daily_usd=Decimal(1), monthly_usd=Decimal(1), daily_requests=100)
        return Budgets(state, budget, lambda: at).warnings()

    spend(state, "0.79")
    assert warnings() == ()
    spend(state, "0.0399")
    both = ("82 % of the daily budget of $1.00 is spent.", "82 % of the monthly budget of $1.00 is spent.")
    assert warnings() == both
    assert warnings() == ()
    assert warnings(NOON + timedelta(days=1)) == both[1:]


def test_a_budget_that_is_spent_is_said_to_be_used_up(state: sqlite3.Connection) -> None:
    spend(state, "1.5")
    budgets = Budgets(state, Budget(daily_usd=Decimal(1)), lambda: NOON)
    assert budgets.warnings() == ("The daily budget of $1.00 is used up.",)


def test_a_budget_of_nothing_is_no_news(state: sqlite3.Connection) -> None:
    assert Budgets(state, Budget(daily_usd=Decimal(0))).warnings() == ()


def call_until_refused(path: Path, barrier: Barrier, made: multiprocessing.SimpleQueue[int]) -> None:
    """As many calls as the budget of ten allows; every other one ends."""
    with closing(open_state(path)) as state:
        ledger = Ledger(state, "notes", Budgets(state, Budget(daily_requests=10, daily_usd=Decimal("0.10"))))
        barrier.wait(60)
        calls = 0
        try:
            while True:
                row = ledger.begin(ATTEMPT, CENT)
                calls += 1
                if calls % 2:
                    ledger.finish(row, Ending("ok", Usage(900, 100, cost=Decimal("0.01"))))
        except OverBudget:
            made.put(calls)


def test_processes_that_race_for_a_budget_of_ten_calls_make_ten(tmp_path: Path) -> None:
    path = tmp_path / STATE_FILE
    open_state(path).close()
    barrier, made = _processes.Barrier(3), _processes.SimpleQueue()
    racers = [_processes.Process(target=call_until_refused, args=(path, barrier, made)) for _ in range(3)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert [racer.exitcode for racer in racers] == [0, 0, 0]
    assert sum(made.get() for _ in racers) == 10
    with closing(open_state(path)) as state:
        assert state.execute("SELECT count(*) FROM attempts").fetchone()[0] == 10
