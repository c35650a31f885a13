"""A circuit breaker: a provider that keeps failing is left alone for a while, by every process of the home.

The rules are pybreaker's. It holds a lock for a whole call and remembers the state it saw last, so it is
made anew for each result, from the stored row, and never for the request itself, which may stream for a
minute and be abandoned.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import TYPE_CHECKING

from pybreaker import STATE_CLOSED, STATE_HALF_OPEN, STATE_OPEN, CircuitBreaker, CircuitMemoryStorage

from ragchat.storage.database import told, transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

FAILURES = 3
"""So many availability failures, one after the other, open a breaker."""
OPEN_FOR = timedelta(seconds=30)
PROBE_FOR = timedelta(seconds=60)
"""A probe of which nothing was heard for so long is given up: its process may be no more."""

# `since` is when the breaker opened or its probe was admitted; a closed one without failures has no row.
_KEPT = "Which providers are failing cannot be kept"

CREATE_BREAKERS = """
CREATE TABLE breakers (
    provider TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    failures INTEGER NOT NULL,
    since TEXT NOT NULL,
    probe TEXT
) WITHOUT ROWID
"""

_PATIENCE = {STATE_OPEN: OPEN_FOR, STATE_HALF_OPEN: PROBE_FOR}


@dataclass(frozen=True, slots=True)
class _Circuit:
    """A row as it was read; `until` is when a probe may be admitted, None when every request may."""

    state: str
    failures: int = 0
    since: str = ""
    probe: str | None = None
    until: datetime | None = None


_CLOSED = _Circuit(STATE_CLOSED)


class Breaker:
    """The breaker of one provider; every method raises `StorageError`.

    Each `admit` that returned None is followed by one of `succeeded`, `failed` and `released`. An object
    serves one request at a time; every thread has its own, on a connection of its own.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        provider: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._connection = connection
        self._provider = provider
        self._now = now
        self._id = token_hex(8)

    def admit(self) -> datetime | None:
        """None when the request may be made, else when the next one may be tried."""
        with told(_KEPT):
            while True:
                circuit = self._read()
                if circuit.until is None:
                    return None
                if self._now() < circuit.until:
                    return circuit.until
                if self._claim(circuit):
                    return None

    def open_until(self) -> datetime | None:
        """When the next request may be tried; None when one may be now."""
        with told(_KEPT):
            until = self._read().until
        return until if until is not None and self._now() < until else None

    def succeeded(self) -> None:
        """The provider answered: close."""
        with told(_KEPT):
            if self._row() is None:  # as for nearly every answer: no write lock for those
                return
            with transaction(self._connection):
                self._settle(self._read(), CircuitBreaker.close)

    def failed(self) -> None:
        """The provider was not available: count it, or open again when this was the probe."""
        with told(_KEPT), transaction(self._connection):
            circuit = self._read()
            # A request that was admitted before the breaker opened says nothing new.
            if circuit.state == STATE_CLOSED or circuit.probe == self._id:
                self._settle(circuit, _fail)

    def released(self) -> None:
        """The request told nothing of the provider: change no count, and let another be the probe."""
        with told(_KEPT):
            self._connection.execute(
                "UPDATE breakers SET state = ?, since = ?, probe = NULL WHERE provider = ? AND probe = ?",
                (STATE_OPEN, _text(self._now() - OPEN_FOR), self._provider, self._id),
            )

    def _claim(self, seen: _Circuit) -> bool:
        """Become the probe, unless the row is no longer as it was seen: then another was faster."""
        cursor = self._connection.execute(
            """
            UPDATE breakers SET state = ?, since = ?, probe = ?
            WHERE provider = ? AND state = ? AND since = ? AND probe IS ?
            """,
            (
                STATE_HALF_OPEN,
                _text(self._now()),
                self._id,
                self._provider,
                seen.state,
                seen.since,
                seen.probe,
            ),
        )
        return cursor.rowcount == 1

    def _settle(self, circuit: _Circuit, outcome: Callable[[CircuitBreaker], None]) -> None:
        """Let pybreaker draw the conclusion, and write it down; within a transaction."""
        memory = CircuitMemoryStorage(circuit.state)
        for _ in range(circuit.failures):
            memory.increment_counter()
        outcome(CircuitBreaker(FAILURES, state_storage=memory, throw_new_error_on_trip=False))
        if memory.state == STATE_CLOSED and not memory.counter:
            self._connection.execute("DELETE FROM breakers WHERE provider = ?", (self._provider,))
        else:
            self._connection.execute(
                "REPLACE INTO breakers (provider, state, failures, since) VALUES (?, ?, ?, ?)",
                (self._provider, memory.state, memory.counter, _text(self._now())),
            )

    def _read(self) -> _Circuit:
        row = self._row()
        # The clock after the row: what another process has just written is then not in the future.
        return _CLOSED if row is None else _circuit(tuple(row), self._now())

    def _row(self) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._connection.execute(
            "SELECT state, failures, since, probe FROM breakers WHERE provider = ?", (self._provider,)
        ).fetchone()
        return row


def _circuit(row: tuple[object, ...], now: datetime) -> _Circuit:
    """What `row` says; closed when it cannot be understood, or was written in the future of a clock set back."""
    match row:
        case (str(state), int(failures), _, _) if state == STATE_CLOSED and 0 <= failures < FAILURES:
            return _Circuit(state, failures)
        case (str(state), _, str(since), str() | None as probe) if state in _PATIENCE:
            with suppress(ValueError, TypeError):  # no time, and a time without a zone
                moment = datetime.fromisoformat(since)
                if moment <= now:
                    return _Circuit(state, since=since, probe=probe, until=moment + _PATIENCE[state])
    return _CLOSED


class _Unavailable(Exception):
    pass


def _fail(breaker: CircuitBreaker) -> None:
    def fail() -> None:
        raise _Unavailable

    with suppress(_Unavailable):
        breaker.call(fail)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
