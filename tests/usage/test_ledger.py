"""One row for every attempt."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from ragchat.assembly.state import STATE_FILE, open_state
from ragchat.core.usage import Usage
from ragchat.errors import StorageError
from ragchat.storage.database import open_database
from ragchat.usage.budgets import Budget, Budgets, OverBudget, Worst
from ragchat.usage.ledger import CREATE_ATTEMPTS, WIDEN_ATTEMPTS, Attempt, Ending, Ledger
from tests.usage.attempts import ATTEMPT, NOON, row_of

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

# Begins an attempt in the file it is given, says so, and never ends it.
KILLED_IN_MID_ANSWER = """
import sys, time
from decimal import Decimal
from pathlib import Path
from ragchat.assembly.state import open_state
from ragchat.usage.budgets import Worst
from ragchat.usage.ledger import Ledger
from tests.usage.attempts import ATTEMPT
Ledger(open_state(Path(sys.argv[1])), "notes").begin(ATTEMPT, Worst(9000, Decimal("0.995")))
print("begun", flush=True)
time.sleep(600)
"""


@pytest.fixture
def ledger(state: sqlite3.Connection) -> Ledger:
    return Ledger(state, "notes", now=lambda: NOON)


def test_an_attempt_leaves_its_trace_before_it_is_made(ledger: Ledger, state: sqlite3.Connection) -> None:
    ledger.begin(ATTEMPT)
    row = row_of(state)
    assert row["outcome"] == "running"
    assert row["pid"] == os.getpid()
    assert row["at"] == "2026-11-20T12:00:00+00:00"
    assert (row["collection"], row["turn_id"], row["attempt"]) == ("notes", "turn", 2)
    assert (row["provider"], row["destination"], row["fallback_from"]) == ("groq", "api.groq.com", "ollama")
    assert row["cost"] is None


def test_its_ending_completes_the_row(ledger: Ledger, state: sqlite3.Connection) -> None:
    usage = Usage(300, 40, 8, 20, 0.2, 0.9, Decimal("0.0000000001"), "server", 0.01, 0.02, 0.5)
    ledger.finish(ledger.begin(ATTEMPT), Ending("ok", usage, finish_reason="stop", request_id="req_1"))
    row = row_of(state)
    assert (row["outcome"], row["finish_reason"], row["request_id"]) == ("ok", "stop", "req_1")
    assert (row["prompt_tokens"], row["completion_tokens"], row["cached_tokens"]) == (300, 40, 8)
    assert (row["reasoning_tokens"], row["token_source"]) == (20, "server")
    assert (row["first_token_s"], row["total_s"]) == (0.2, 0.9)
    assert (row["queue_s"], row["prompt_s"], row["completion_s"]) == (0.01, 0.02, 0.5)
    assert row["cost"] == "0.0000000001"
    assert row["model"] == "openai/gpt-oss-20b"


def test_a_failure_keeps_what_is_known_of_it(ledger: Ledger, state: sqlite3.Connection) -> None:
    ending = Ending("error", failure="limit", http_status=429, code="rate_limit_exceeded", retry_after_s=7.5)
    ledger.finish(ledger.begin(ATTEMPT), ending)
    row = row_of(state)
    assert (row["outcome"], row["error_kind"], row["http_status"]) == ("error", "limit", 429)
    assert (row["error_code"], row["retry_after_s"]) == ("rate_limit_exceeded", 7.5)
    assert (row["prompt_tokens"], row["token_source"], row["cost"]) == (None, "none", None)


def test_a_model_that_was_chosen_later_is_written_later(ledger: Ledger, state: sqlite3.Connection) -> None:
    ledger.finish(ledger.begin(Attempt("turn", 1, "ollama", "", None, None)), Ending("ok", model="phi4:latest"))
    assert row_of(state)["model"] == "phi4:latest"


def test_a_ledger_that_cannot_be_written_says_so(ledger: Ledger, state: sqlite3.Connection) -> None:
    state.execute("PRAGMA query_only = ON")
    with pytest.raises(StorageError) as raised:
        ledger.begin(ATTEMPT)
    assert raised.value.message.startswith("The usage ledger cannot be written: ")


def test_what_it_may_take_is_reserved_and_kept(ledger: Ledger, state: sqlite3.Connection) -> None:
    row = ledger.begin(ATTEMPT, Worst(5000, Decimal("0.0000000001")))
    assert (row_of(state)["reserved_tokens"], row_of(state)["reserved_cost"]) == (5000, "0.0000000001")
    ledger.finish(row, Ending("ok", Usage(cost=Decimal(0))))
    assert (row_of(state)["reserved_tokens"], row_of(state)["reserved_cost"]) == (5000, "0.0000000001")


def test_an_unknown_price_reserves_no_sum(ledger: Ledger, state: sqlite3.Connection) -> None:
    ledger.begin(ATTEMPT, Worst(5000, None))
    assert (row_of(state)["reserved_tokens"], row_of(state)["reserved_cost"]) == (5000, None)


def test_the_arm_and_the_wait_are_kept(ledger: Ledger, state: sqlite3.Connection) -> None:
    ledger.finish(ledger.begin(replace(ATTEMPT, arm="b")), Ending("ok", waited_s=2.5))
    assert (row_of(state)["arm"], row_of(state)["waited_s"]) == ("b", 2.5)


def test_an_answer_kept_before_says_what_it_saved(ledger: Ledger, state: sqlite3.Connection) -> None:
    ledger.finish(
        ledger.begin(ATTEMPT), Ending("cached", Usage(0, 0, cost=Decimal(0)), saved_cost=Decimal("1E-7"))
    )
    row = row_of(state)
    assert (row["outcome"], row["cost"], row["saved_cost"]) == ("cached", "0", "0.0000001")


def test_a_prompt_that_was_read_in_part_is_marked(ledger: Ledger, state: sqlite3.Connection) -> None:
    row = ledger.begin(ATTEMPT)
    assert row_of(state)["truncated"] == 0
    ledger.finish(row, Ending("ok", finish_reason="stop", truncated=True))
    assert (row_of(state)["truncated"], row_of(state)["finish_reason"]) == (1, "stop")


def test_times_are_kept_in_one_zone(state: sqlite3.Connection) -> None:
    Ledger(state, "notes", now=lambda: NOON.astimezone(timezone(timedelta(hours=5)))).begin(ATTEMPT)
    assert row_of(state)["at"] == "2026-11-20T12:00:00+00:00"


def test_a_call_over_budget_is_not_begun(state: sqlite3.Connection) -> None:
    ledger = Ledger(state, "notes", Budgets(state, Budget(daily_requests=0)))
    with pytest.raises(OverBudget) as raised:
        ledger.begin(ATTEMPT, Worst(1, Decimal(1)))
    assert raised.value.reason == "The daily budget of 0 requests is used up."
    assert not state.in_transaction
    assert state.execute("SELECT count(*) FROM attempts").fetchone()[0] == 0


def test_the_row_of_a_call_that_will_not_be_made_is_never_refused(state: sqlite3.Connection) -> None:
    ledger = Ledger(state, "notes", Budgets(state, Budget(daily_requests=0)))
    ledger.finish(ledger.begin(ATTEMPT), Ending("skipped", code="budget"))
    assert row_of(state)["outcome"] == "skipped"


def test_a_ledger_with_budgets_that_cannot_be_written_says_so(state: sqlite3.Connection) -> None:
    ledger = Ledger(state, "notes", Budgets(state, Budget(daily_requests=1)))
    state.execute("PRAGMA query_only = ON")
    with pytest.raises(StorageError):
        ledger.begin(ATTEMPT, Worst(1, Decimal(1)))
    state.close()
    with pytest.raises(StorageError):
        ledger.begin(ATTEMPT, Worst(1, Decimal(1)))


@pytest.mark.parametrize("reaped", [True, False])
def test_an_attempt_killed_in_mid_answer_is_interrupted(
    tmp_path: Path, state: sqlite3.Connection, ledger: Ledger, reaped: bool
) -> None:
    command = [sys.executable, "-c", KILLED_IN_MID_ANSWER, str(tmp_path / STATE_FILE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        assert ledger.settle_interrupted() == 0
        process.send_signal(signal.SIGKILL)
        # Not yet reaped it is a zombie, which has its id still.
        os.waitid(os.P_PID, process.pid, os.WEXITED if reaped else os.WEXITED | os.WNOWAIT)
        assert ledger.settle_interrupted() == 1
    row = row_of(state)
    assert (row["outcome"], row["cost"], row["reserved_cost"]) == ("interrupted", None, "0.995")
    assert ledger.settle_interrupted() == 0


def test_the_attempts_of_this_process_are_not_interrupted(ledger: Ledger, state: sqlite3.Connection) -> None:
    ledger.begin(ATTEMPT)
    assert ledger.settle_interrupted() == 0
    assert row_of(state)["outcome"] == "running"


@pytest.mark.parametrize("process", ["00000000-0000-0000-0000-000000000000/1", "-"])
def test_a_later_process_of_the_same_id_is_another(
    ledger: Ledger, state: sqlite3.Connection, process: str
) -> None:
    ledger.begin(ATTEMPT)
    state.execute("UPDATE attempts SET process = ?", (process,))
    assert ledger.settle_interrupted() == 1


@pytest.mark.parametrize(("pid", "interrupted"), [(os.getpid(), 0), (1, 0), (2**22 + 1, 1), (2**62, 1)])
def test_where_the_system_does_not_tell_the_id_decides(
    ledger: Ledger, state: sqlite3.Connection, pid: int, interrupted: int
) -> None:
    ledger.begin(ATTEMPT)
    state.execute("UPDATE attempts SET process = NULL, pid = ?", (pid,))
    assert ledger.settle_interrupted() == interrupted


def test_an_attempt_that_ends_after_all_is_not_interrupted(ledger: Ledger, state: sqlite3.Connection) -> None:
    row = ledger.begin(ATTEMPT)
    state.execute("UPDATE attempts SET process = '-'")
    ledger.settle_interrupted()
    ledger.finish(row, Ending("ok"))
    assert row_of(state)["outcome"] == "ok"


def test_an_attempt_that_ends_meanwhile_is_not_interrupted(
    ledger: Ledger, state: sqlite3.Connection, tmp_path: Path
) -> None:
    row = ledger.begin(ATTEMPT)
    state.execute("UPDATE attempts SET process = '-'")
    with closing(open_state(tmp_path / STATE_FILE)) as other:

        def end_before_the_update(statement: str) -> None:
            if statement.startswith("UPDATE"):
                Ledger(other, "notes").finish(row, Ending("ok"))

        state.set_trace_callback(end_before_the_update)
        assert ledger.settle_interrupted() == 0
        state.set_trace_callback(None)
    assert row_of(state)["outcome"] == "ok"


def test_the_running_are_found_among_many_without_reading_them(ledger: Ledger, state: sqlite3.Connection) -> None:
    statements: list[str] = []
    state.set_trace_callback(statements.append)
    ledger.settle_interrupted()
    state.set_trace_callback(None)
    (statement,) = statements
    plan = [row["detail"] for row in state.execute(f"EXPLAIN QUERY PLAN {statement}")]
    assert plan == ["SCAN attempts USING INDEX attempts_running"]


def test_an_older_ledger_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with closing(open_database(path, (CREATE_ATTEMPTS,))) as old:
        old.executemany(
            """
            INSERT INTO attempts (
                id, at, pid, collection, turn_id, attempt, provider, model, outcome, prompt_tokens, cost, total_s
            ) VALUES (?, '2026-11-20T12:00:00+00:00', ?, 'notes', 'turn', 1, 'groq', 'm', ?, 7, '0.5', 1.5)
            """,
            [(3, os.getpid(), "ok"), (9, os.getpid(), "running")],
        )
    with closing(open_database(path, (CREATE_ATTEMPTS, WIDEN_ATTEMPTS))) as state:
        rows = state.execute("SELECT id, outcome, prompt_tokens, cost, total_s, arm FROM attempts").fetchall()
        assert [tuple(row) for row in rows] == [
            (3, "ok", 7, "0.5", 1.5, None),
            (9, "interrupted", 7, "0.5", 1.5, None),
        ]
        assert Ledger(state, "notes").begin(ATTEMPT) == 10
        indexes = state.execute("SELECT name FROM sqlite_master WHERE type = 'index'").fetchall()
        assert {row["name"] for row in indexes} == {"attempts_by_time", "attempts_running"}
