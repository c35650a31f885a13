"""Limits seen: what each server said last of how much it lets through, kept for every process of the home."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, TypeAlias

from ragchat.resilience.durations import seconds
from ragchat.storage.database import told, transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence

LimitName: TypeAlias = Literal["requests", "tokens"]

_KEPT = "The limits of the providers cannot be kept"

CREATE_LIMITS = """
CREATE TABLE limits (
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    name TEXT NOT NULL,
    allowed INTEGER NOT NULL,
    remaining INTEGER NOT NULL,
    seen_at TEXT NOT NULL,
    resets_at TEXT NOT NULL,
    PRIMARY KEY (provider, model, name)
) WITHOUT ROWID;
CREATE TABLE cool_downs (
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    until TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (provider, model)
) WITHOUT ROWID
"""

# Plans change, and another server may stand at the same address.
_TRUSTED_FOR = timedelta(days=1)
# No server's wait is longer: a nonsensical one, or a clock set back, must not lock a model out.
_LONGEST = timedelta(days=1)
_NAMES: tuple[LimitName, ...] = ("requests", "tokens")
_COUNT = re.compile("[0-9]{1,18}")  # what SQLite can hold


@dataclass(frozen=True, slots=True)
class Limit:
    """How much of `name` a server allows in a time of its own choice, and what remains of it.

    What was used flows back evenly, so that at `resets_at` all that is allowed remains again: Groq's recorded
    headers say 6 s after 1 of 14,400 requests a day, and 261 ms after 131 of 30,000 tokens a minute.
    """

    name: LimitName
    allowed: int
    remaining: int
    resets_at: datetime

    def free_at(self, tokens: int, now: datetime) -> datetime:
        """When enough will have flowed back for a request of `tokens`, if `remaining` is what there is now."""
        missing = min(self._needed(tokens), self.allowed) - self.remaining
        if missing <= 0:
            return now
        wait = (self.resets_at - now) * (missing / (self.allowed - self.remaining))
        return now + wait + timedelta.resolution  # rounded up: a moment too early is a refusal

    def blocks(self, tokens: int) -> bool:
        """Whether a request of `tokens` has to wait; one that is larger than all that is allowed need not."""
        return self.remaining < self._needed(tokens) <= self.allowed

    def _needed(self, tokens: int) -> int:
        return 1 if self.name == "requests" else tokens


@dataclass(frozen=True, slots=True)
class CoolDown:
    """A model that the server asked to leave alone until then, and why."""

    until: datetime
    reason: str


class Limits:
    """The limits and cool-downs of every model; every method raises `StorageError`.

    The limits that it tells are as they stand now, with what has flowed back since they were seen.
    """

    def __init__(
        self, connection: sqlite3.Connection, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._connection = connection
        self._now = now

    def note(self, provider: str, model: str, seen: Sequence[Limit]) -> None:
        """Keep what the server has just said, in place of what it said before."""
        if not seen:
            return
        seen_at = _text(self._now())
        rows = [
            (provider, model, limit.name, limit.allowed, limit.remaining, seen_at, _text(limit.resets_at))
            for limit in seen
        ]
        with told(_KEPT), transaction(self._connection):
            self._connection.executemany("REPLACE INTO limits VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def cool_down(self, provider: str, model: str, until: datetime, reason: str) -> None:
        """Leave the model alone until then, a day at the most; a longer cool-down asked for before stays."""
        latest = self._now() + _LONGEST
        self._execute(
            """
            INSERT INTO cool_downs VALUES (:provider, :model, :until, :reason) ON CONFLICT DO UPDATE
            SET until = excluded.until, reason = excluded.reason WHERE excluded.until > until OR until > :latest
            """,
            {
                "provider": provider,
                "model": model,
                "until": _text(min(until, latest)),
                "reason": reason,
                "latest": _text(latest),
            },
        )

    def cooling(self, provider: str, model: str) -> CoolDown | None:
        """The cool-down that is not over yet; one that was noted by a clock set back since counts for nothing."""
        rows = self._execute(
            "SELECT until, reason FROM cool_downs WHERE provider = ? AND model = ?", (provider, model)
        )
        for row in rows:
            until = _moment(row["until"])
            if until is not None and self._now() < until <= self._now() + _LONGEST:
                return CoolDown(until, row["reason"])
        return None

    def blocking(self, provider: str, model: str, tokens: int) -> Limit | None:
        """The limit that keeps a request of `tokens`, prompt and completion, waiting; of two the last to be free.

        A request that is larger than all that is allowed would wait in vain: `allowed_tokens` tells it.
        """
        blocking = [limit for limit in self._standing(provider, model) if limit.blocks(tokens)]
        now = self._now()
        return max(blocking, key=lambda limit: limit.free_at(tokens, now), default=None)

    def near(self, provider: str, model: str) -> tuple[Limit, ...]:
        """The limits of which a tenth or less remains."""
        return tuple(limit for limit in self._standing(provider, model) if limit.remaining * 10 <= limit.allowed)

    def allowed_tokens(self, provider: str, model: str) -> int | None:
        """The tokens of the largest request that the server takes; None when it has not said lately."""
        row = self._execute(
            "SELECT allowed FROM limits WHERE provider = ? AND model = ? AND name = 'tokens' AND seen_at > ?",
            (provider, model, _text(self._now() - _TRUSTED_FOR)),
        ).fetchone()
        return None if row is None else int(row["allowed"])

    def _standing(self, provider: str, model: str) -> tuple[Limit, ...]:
        rows = {
            row["name"]: row
            for row in self._execute("SELECT * FROM limits WHERE provider = ? AND model = ?", (provider, model))
        }
        # The clock after the rows: what another process has just written is then not in the future.
        now = self._now()
        limits = (_refilled(name, rows[name], now) for name in _NAMES if name in rows)
        return tuple(limit for limit in limits if limit is not None)

    def _execute(self, statement: str, values: Sequence[object] | Mapping[str, object]) -> sqlite3.Cursor:
        with told(_KEPT):
            return self._connection.execute(statement, values)


def of_headers(headers: Mapping[str, str], now: datetime) -> tuple[Limit, ...]:
    """The limits that the `x-ratelimit-*` headers of a response name; incomplete or odd ones give nothing.

    `requests` are those of a day and `tokens` those of a minute at Groq; the resets are Go durations.
    """
    values = {name.lower(): value.strip() for name, value in headers.items()}
    limits = (_of_headers(name, values, now) for name in _NAMES)
    return tuple(limit for limit in limits if limit is not None)


def _of_headers(name: LimitName, values: Mapping[str, str], now: datetime) -> Limit | None:
    allowed = values.get(f"x-ratelimit-limit-{name}", "")
    remaining = values.get(f"x-ratelimit-remaining-{name}", "")
    wait = seconds(values.get(f"x-ratelimit-reset-{name}", ""))
    if wait is None or not (_COUNT.fullmatch(allowed) and _COUNT.fullmatch(remaining)):
        return None
    # A server that allows nothing at all means that it sets no limit.
    return Limit(name, int(allowed), int(remaining), now + timedelta(seconds=wait)) if int(allowed) else None


def _refilled(name: LimitName, row: sqlite3.Row, now: datetime) -> Limit | None:
    """The limit as it stands now; None after its reset, and when the clock was set back behind its note."""
    seen_at, resets_at = _moment(row["seen_at"]), _moment(row["resets_at"])
    if seen_at is None or resets_at is None or not seen_at <= now < resets_at:
        return None
    used = row["allowed"] - row["remaining"]
    back = int(used * ((now - seen_at) / (resets_at - seen_at)))
    return Limit(name, row["allowed"], row["remaining"] + back, resets_at)


def _moment(text: str) -> datetime | None:
    """The time that was kept; None for what is none, or has no zone: it is not of our writing."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else None


def _text(moment: datetime) -> str:
    """ISO 8601 of one length, which sorts as the times do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
