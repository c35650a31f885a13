"""One row for every attempt."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from ragchat.core.usage import Usage
from ragchat.errors import StorageError
from ragchat.usage.ledger import Attempt, Ending, Ledger

if TYPE_CHECKING:
    import sqlite3

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ATTEMPT = Attempt("turn", 2, "groq", "openai/gpt-oss-20b", "api.groq.com", "ollama")


@pytest.fixture
def ledger(state: sqlite3.Connection) -> Ledger:
    return Ledger(state, "notes", now=lambda: NOON)


def row_of(state: sqlite3.Connection) -> dict[str, object]:
    (row,) = state.execute("SELECT * FROM attempts").fetchall()
    return dict(row)


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
