"""The ledger: one row for every attempt at an answer, never a prompt and never a key."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

from ragchat.core.usage import Usage
from ragchat.errors import StorageError
from ragchat.storage.database import transaction
from ragchat.usage.budgets import OverBudget
from ragchat.usage.processes import lives, own_start

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from ragchat.usage.budgets import Budgets, Worst

Outcome: TypeAlias = Literal["ok", "error", "partial", "cancelled", "skipped", "cached", "interrupted"]
"""`cached` was answered from an answer kept before, `interrupted` ended with its process."""

CREATE_ATTEMPTS = """
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    pid INTEGER NOT NULL,
    collection TEXT NOT NULL,
    turn_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    destination TEXT,
    fallback_from TEXT,
    outcome TEXT NOT NULL CHECK (
        outcome IN ('running', 'ok', 'error', 'partial', 'cancelled', 'skipped')
    ),
    finish_reason TEXT,
    error_kind TEXT,
    http_status INTEGER,
    error_code TEXT,
    request_id TEXT,
    retry_after_s REAL,
    prompt_tokens INTEGER,
    completion_tokens INTEGER,
    cached_tokens INTEGER,
    reasoning_tokens INTEGER,
    token_source TEXT NOT NULL DEFAULT 'none',
    cost TEXT,
    first_token_s REAL,
    total_s REAL,
    queue_s REAL,
    prompt_s REAL,
    completion_s REAL
);
CREATE INDEX attempts_by_time ON attempts (at)
"""

# A row that ran before this schema tells its process by an id only, which another may have by now.
WIDEN_ATTEMPTS = """
CREATE TABLE attempts_wide (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    pid INTEGER NOT NULL,
    process TEXT,
    collection TEXT NOT NULL,
    turn_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    destination TEXT,
    fallback_from TEXT,
    arm TEXT,
    outcome TEXT NOT NULL CHECK (
        outcome IN ('running', 'ok', 'error', 'partial', 'cancelled', 'skipped', 'cached', 'interrupted')
    ),
    finish_reason TEXT,
    error_kind TEXT,
    http_status INTEGER,
    error_code TEXT,
    request_id TEXT,
    retry_after_s REAL,
    prompt_tokens INTEGER,
    completion_tokens INTEGER,
    cached_tokens INTEGER,
    reasoning_tokens INTEGER,
    token_source TEXT NOT NULL DEFAULT 'none',
    reserved_tokens INTEGER,
    cost TEXT,
    reserved_cost TEXT,
    saved_cost TEXT,
    waited_s REAL,
    first_token_s REAL,
    total_s REAL,
    queue_s REAL,
    prompt_s REAL,
    completion_s REAL
);
INSERT INTO attempts_wide (
    id, at, pid, collection, turn_id, attempt, provider, model, destination, fallback_from, outcome,
    finish_reason, error_kind, http_status, error_code, request_id, retry_after_s, prompt_tokens,
    completion_tokens, cached_tokens, reasoning_tokens, token_source, cost, first_token_s, total_s, queue_s,
    prompt_s, completion_s
) SELECT
    id, at, pid, collection, turn_id, attempt, provider, model, destination, fallback_from,
    CASE outcome WHEN 'running' THEN 'interrupted' ELSE outcome END,
    finish_reason, error_kind, http_status, error_code, request_id, retry_after_s, prompt_tokens,
    completion_tokens, cached_tokens, reasoning_tokens, token_source, cost, first_token_s, total_s, queue_s,
    prompt_s, completion_s
FROM attempts;
DROP TABLE attempts;
ALTER TABLE attempts_wide RENAME TO attempts;
CREATE INDEX attempts_by_time ON attempts (at);
CREATE INDEX attempts_running ON attempts (pid) WHERE outcome = 'running'
"""

NOTE_TRUNCATION = "ALTER TABLE attempts ADD COLUMN truncated INTEGER NOT NULL DEFAULT 0"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is about to be tried; `number` counts from one within a turn.

    `destination` is None when the prompt stays on this machine, `fallback_from` the provider before, `arm` the
    variant of an experiment that the question was given to.
    """

    turn_id: str
    number: int
    provider: str
    model: str
    destination: str | None
    fallback_from: str | None
    arm: str | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended; `model` is the one that answered when it was not known before.

    `waited_s` was spent waiting until the provider would hear it, `saved_cost` (US dollars) what a kept answer
    had cost. `truncated`: the server read only a part of the prompt.
    """

    outcome: Outcome
    usage: Usage = Usage()  # noqa: RUF009 - frozen
    model: str | None = None
    finish_reason: str | None = None
    failure: str | None = None
    http_status: int | None = None
    code: str | None = None
    request_id: str | None = None
    retry_after_s: float | None = None
    waited_s: float | None = None
    saved_cost: Decimal | None = None
    truncated: bool = False


class Ledger:
    """Writes the attempts made for one collection; every method raises `StorageError`.

    A row is begun before the call, so that a process killed in mid-answer leaves its trace: a row that is
    still `running`, with a process that is no more.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        collection: str,
        budgets: Budgets | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._connection = connection
        self._collection = collection
        self._budgets = budgets
        self._now = now

    def begin(self, attempt: Attempt, worst: Worst | None = None) -> int:
        """Write a row that is `running` and reserves `worst`; its id.

        Raises `OverBudget`, and writes nothing, when the budgets do not allow `worst`. All processes together
        keep to them: who asks, reserves before another may ask. None is for what takes nothing, as a call
        that will not be made.
        """
        if self._budgets is None or worst is None:
            return self._insert(attempt, worst)
        try:
            with transaction(self._connection):
                reason = self._budgets.refusal(worst)
                if reason is not None:
                    raise OverBudget(reason)
                return self._insert(attempt, worst)
        except sqlite3.Error as error:
            raise _unwritable(error) from error

    def finish(self, row: int, ending: Ending) -> None:
        """Complete the row that `begin` wrote."""
        usage = ending.usage
        self._execute(
            """
            UPDATE attempts SET
                outcome = ?, model = coalesce(?, model), finish_reason = ?, error_kind = ?, http_status = ?,
                error_code = ?, request_id = ?, retry_after_s = ?, prompt_tokens = ?, completion_tokens = ?,
                cached_tokens = ?, reasoning_tokens = ?, token_source = ?, cost = ?, saved_cost = ?,
                waited_s = ?, first_token_s = ?, total_s = ?, queue_s = ?, prompt_s = ?, completion_s = ?,
                truncated = ?
            WHERE id = ?
            """,
            (
                ending.outcome,
                ending.model,
                ending.finish_reason,
                ending.failure,
                ending.http_status,
                ending.code,
                ending.request_id,
                ending.retry_after_s,
                usage.prompt_tokens,
                usage.completion_tokens,
                usage.cached_tokens,
                usage.reasoning_tokens,
                usage.source,
                _text(usage.cost),
                _text(ending.saved_cost),
                ending.waited_s,
                usage.first_token_s,
                usage.total_s,
                usage.queue_s,
                usage.prompt_s,
                usage.completion_s,
                ending.truncated,
                row,
            ),
        )

    def settle_interrupted(self) -> int:
        """Mark the rows, of any collection, whose process ended before they did; how many there were.

        Their cost stays unknown, and what they reserved stays spent.
        """
        running = self._execute("SELECT id, pid, process FROM attempts WHERE outcome = 'running'", ()).fetchall()
        return sum(self._interrupted(row["id"]) for row in running if not lives(row["pid"], row["process"]))

    def _interrupted(self, row: int) -> int:
        # Another process may have settled it, or it may have ended after all.
        statement = "UPDATE attempts SET outcome = 'interrupted' WHERE id = ? AND outcome = 'running'"
        return self._execute(statement, (row,)).rowcount

    def _insert(self, attempt: Attempt, worst: Worst | None) -> int:
        pid = os.getpid()
        cursor = self._execute(
            """
            INSERT INTO attempts (
                at, pid, process, collection, turn_id, attempt, provider, model, destination, fallback_from,
                arm, reserved_tokens, reserved_cost, outcome
            ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'running')
            """,
            (
                self._now().astimezone(UTC).isoformat(),
                pid,
                own_start(pid),
                self._collection,
                attempt.turn_id,
                attempt.number,
                attempt.provider,
                attempt.model,
                attempt.destination,
                attempt.fallback_from,
                attempt.arm,
                None if worst is None else worst.tokens,
                None if worst is None else _text(worst.cost),
            ),
        )
        return cursor.lastrowid or 0

    def _execute(self, statement: str, values: tuple[object, ...]) -> sqlite3.Cursor:
        try:
            return self._connection.execute(statement, values)
        except sqlite3.Error as error:
            raise _unwritable(error) from error


def _text(amount: Decimal | None) -> str | None:
    """As text: a float would round what a budget has to add up."""
    return None if amount is None else format(amount, "f")


def _unwritable(error: sqlite3.Error) -> StorageError:
    return StorageError(
        f"The usage ledger cannot be written: {error}.", "Check the disk and the file's permissions."
    )
