"""How long answers have taken, as the ledger knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat.core.usage import Usage
from ragchat.usage.ledger import Attempt, Ending, Ledger
from ragchat.usage.speeds import typical_seconds

if TYPE_CHECKING:
    import sqlite3

    from ragchat.usage.ledger import Outcome


def _answered(state: sqlite3.Connection, seconds: float, outcome: Outcome = "ok", model: str = "m") -> None:
    ledger = Ledger(state, "notes")
    row = ledger.begin(Attempt("t", 1, "groq", model, None, None))
    ledger.finish(row, Ending(outcome, Usage(total_s=seconds)))


def test_the_middle_one_of_the_latest_whole_answers_counts(state: sqlite3.Connection) -> None:
    assert typical_seconds(state, "groq", "m") is None
    for _ in range(60):
        _answered(state, 100.0)
    for seconds in (3.0, 1.0, 2.0) * 17:
        _answered(state, seconds)
    _answered(state, 0.001, "error")
    _answered(state, 50.0, model="other")
    assert typical_seconds(state, "groq", "m") == 2.0
