"""The ledger: one row for every attempt at an answer, never a prompt and never a key."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

from ragchat.core.usage import Usage
from ragchat.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

Outcome: TypeAlias = Literal["ok", "error", "partial", "cancelled", "skipped"]

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


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is about to be tried; `number` counts from one within a turn.

    `destination` is None when the prompt stays on this machine, `fallback_from` the provider before.
    """

    turn_id: str
    number: int
    provider: str
    model: str
    destination: str | None
    fallback_from: str | None


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended; `model` is the one that answered when it was not known before."""

    outcome: Outcome
    usage: Usage = Usage()  # noqa: RUF009 - frozen
    model: str | None = None
    finish_reason: str | None = None
    failure: str | None = None
    http_status: int | None = None
    code: str | None = None
    request_id: str | None = None
    retry_after_s: float | None = None


class Ledger:
    """Writes the attempts made for one collection; every method raises `StorageError`.

    A row is begun before the call, so that a process killed in mid-answer leaves its trace: a row that is
    still `running`, with the id of a process that is no more.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        collection: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._connection = connection
        self._collection = collection
        self._now = now

    def begin(self, attempt: Attempt) -> int:
        """Write a row that is `running`; its id."""
        cursor = self._execute(
            """
            INSERT INTO attempts (
                at, pid, collection, turn_id, attempt, provider, model, destination, fallback_from, outcome
            ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'running')
            """,
            (
                self._now().isoformat(),
                os.getpid(),
                self._collection,
                attempt.turn_id,
                attempt.number,
                attempt.provider,
                attempt.model,
                attempt.destination,
                attempt.fallback_from,
            ),
        )
        return cursor.lastrowid or 0

    def finish(self, row: int, ending: Ending) -> None:
        """Complete the row that `begin` wrote."""
        usage = ending.usage
        self._execute(
            """
            UPDATE attempts SET
                outcome = ?, model = coalesce(?, model), finish_reason = ?, error_kind = ?, http_status = ?,
                error_code = ?, request_id = ?, retry_after_s = ?, prompt_tokens = ?, completion_tokens = ?,
                cached_tokens = ?, reasoning_tokens = ?, token_source = ?, cost = ?, first_token_s = ?,
                total_s = ?, queue_s = ?, prompt_s = ?, completion_s = ?
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
                # As text: a float would round what a budget has to add up.
                None if usage.cost is None else format(usage.cost, "f"),
                usage.first_token_s,
                usage.total_s,
                usage.queue_s,
                usage.prompt_s,
                usage.completion_s,
                row,
            ),
        )

    def _execute(self, statement: str, values: tuple[object, ...]) -> sqlite3.Cursor:
        try:
            return self._connection.execute(statement, values)
        except sqlite3.Error as error:
            raise StorageError(
                f"The usage ledger cannot be written: {error}.", "Check the disk and the file's permissions."
            ) from error
