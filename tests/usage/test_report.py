"""The usage report adds up what the ledger says, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ragchat.core.usage import Usage
from ragchat.usage.ledger import Attempt, Ending, Ledger
from ragchat.usage.report import UsageRow, usage_report
from tests.usage.attempts import local_time

if TYPE_CHECKING:
    import sqlite3

    from ragchat.usage.ledger import Outcome

NOON = datetime(2026, 2, 28, 12, tzinfo=UTC)


def write(
    state: sqlite3.Connection,
    provider: str,
    outcome: Outcome = "ok",
    *,
    tokens: tuple[int | None, int | None] = (10, 2),
    cost: str | None = "0",
    model: str = "m",
    at: datetime = NOON,
    saved: str | None = None,
) -> None:
    """One attempt."""
    ledger = Ledger(state, "default", now=lambda: at)
    row = ledger.begin(Attempt("turn", 1, provider, model, None, None))
    usage = Usage(tokens[0], tokens[1], cost=None if cost is None else Decimal(cost))
    ledger.finish(row, Ending(outcome, usage, saved_cost=None if saved is None else Decimal(saved)))


def by(rows: tuple[UsageRow, ...]) -> dict[str, UsageRow]:
    return {" ".join(value for _, value in row.key): row for row in rows}


def test_an_empty_ledger_has_no_rows_and_zero_totals(state: sqlite3.Connection) -> None:
    report = usage_report(state, "provider")
    assert (report.rows, report.totals) == ((), UsageRow(()))


def test_requests_count_what_was_sent_and_skipped_ones_stand_apart(state: sqlite3.Connection) -> None:
    write(state, "groq", "skipped", tokens=(None, None), cost=None)
    write(state, "groq", "error", tokens=(None, None), cost=None)
    write(state, "groq", "ok", cost="0.0015")
    write(state, "ollama")
    rows = by(usage_report(state, "provider").rows)
    assert list(rows) == ["groq", "ollama"]
    assert rows["groq"] == UsageRow((("provider", "groq"),), 2, 1, 1, 10, 2, Decimal("0.0015"), 1)
    assert usage_report(state, "provider").totals == UsageRow((), 3, 1, 1, 20, 4, Decimal("0.0015"), 1)


def test_an_interrupted_request_failed(state: sqlite3.Connection) -> None:
    write(state, "groq", "interrupted", tokens=(None, None), cost=None)
    assert usage_report(state, "provider").totals == UsageRow((), requests=1, failed=1, unknown_costs=1)


def test_what_was_answered_before_is_no_request_and_its_saving_adds_up(state: sqlite3.Connection) -> None:
    for saved in ("0.1", "0.2", None):
        write(state, "groq", "cached", tokens=(0, 0), saved=saved)
    assert usage_report(state, "provider").totals == UsageRow((), cached=3, saved_cost=Decimal("0.3"))


def test_a_saving_nobody_priced_is_unknown(state: sqlite3.Connection) -> None:
    write(state, "groq", "cached", tokens=(0, 0))
    assert usage_report(state, "provider").totals == UsageRow((), cached=1)


def test_what_nobody_priced_is_unknown_and_not_free(state: sqlite3.Connection) -> None:
    write(state, "groq", cost=None)
    (row,) = usage_report(state, "provider").rows
    assert (row.cost, row.unknown_costs) == (None, 1)


def test_the_models_of_a_provider_are_told_apart(state: sqlite3.Connection) -> None:
    write(state, "groq", model="a")
    write(state, "groq", model="b")
    assert list(by(usage_report(state, "model").rows)) == ["groq a", "groq b"]


@pytest.mark.parametrize(("zone", "days"), [("UTC", ["2026-02-28", "2026-03-01"]), ("Asia/Tokyo", ["2026-03-01"])])
def test_a_day_begins_at_local_midnight(
    state: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, zone: str, days: list[str]
) -> None:
    with local_time(monkeypatch, zone):
        write(state, "groq", at=datetime(2026, 2, 28, 23, 59, tzinfo=UTC))
        write(state, "groq", at=datetime(2026, 3, 1, 0, 0, tzinfo=UTC))
        found = list(by(usage_report(state, "day").rows))
    assert found == days


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["groq", "ollama"]),
            st.sampled_from(["ok", "error", "partial", "cancelled", "skipped"]),
            st.one_of(st.none(), st.decimals(0, 1, places=7)),
            st.integers(0, 10_000),
        )
    )
)
def test_the_rows_add_up_to_the_totals(
    state: sqlite3.Connection, attempts: list[tuple[str, Outcome, Decimal, int]]
) -> None:
    state.execute("DELETE FROM attempts")
    for provider, outcome, cost, tokens in attempts:
        write(state, provider, outcome, tokens=(tokens, 1), cost=None if cost is None else str(cost))
    sent = [attempt for attempt in attempts if attempt[1] != "skipped"]
    for grouping in ("provider", "model", "day"):
        report = usage_report(state, grouping)
        assert report.totals.requests == sum(row.requests for row in report.rows) == len(sent)
        assert report.totals.prompt_tokens == sum(row.prompt_tokens for row in report.rows)
        assert sum(row.cost or 0 for row in report.rows) == sum(cost for _, _, cost, _ in sent if cost is not None)
