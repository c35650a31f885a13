"""Answers that models wrote, kept to be shown again.

The table holds text of answers, and of questions and documents no more than a hash.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from ragchat.errors import StorageError
from ragchat.storage.database import transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ragchat.core.completion import Completion
    from ragchat.core.message import Message

# `used` counts uses, the highest is the latest: a clock can stand still, or be set back.
# `text` is a BLOB: SQLite takes no half characters as text, and a model can send them.
CREATE_ANSWERS = """
CREATE TABLE answers (
    id INTEGER PRIMARY KEY,
    collection TEXT NOT NULL,
    key BLOB NOT NULL,
    at TEXT NOT NULL,
    used INTEGER NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    cost TEXT,
    passages INTEGER,
    text BLOB NOT NULL,
    UNIQUE (collection, key)
);
CREATE INDEX answers_by_use ON answers (used)
"""

_NEXT_USE = "(SELECT coalesce(max(used), 0) + 1 FROM answers)"
_KEPT_FOR = timedelta(days=30)
_MOST_ANSWERS = 1_000
_MOST_BYTES = 4_000_000


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer that `provider`'s `model` wrote `age` ago for `cost` US dollars, None when not known.

    `passages` is how many it was written from when some had been left out, else None. A clock that was set back
    makes `age` negative.
    """

    text: str
    provider: str
    model: str
    cost: Decimal | None
    passages: int | None
    age: timedelta


def answer_key(signature: str, messages: Sequence[Message]) -> bytes:
    """SHA-256 of all that makes an answer: `signature` and every message.

    The messages hold the passages' text, so that an answer is not found again when a document has changed.
    """
    parts = [signature, *([message.role, message.text] for message in messages)]
    return hashlib.sha256(_encoded(json.dumps(parts, ensure_ascii=False))).digest()


class AnswerCache:
    """The answers of one collection; every method raises `StorageError`.

    All collections together have `most_answers` with `most_bytes` of text: beyond them go those that were not
    used for longest. After 30 days an answer is not found any more. Any number of processes may use it at once.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        collection: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        most_answers: int = _MOST_ANSWERS,
        most_bytes: int = _MOST_BYTES,
    ) -> None:
        self._connection = connection
        self._collection = collection
        self._now = now
        self._most_answers = most_answers
        self._most_bytes = most_bytes

    def find(self, key: bytes) -> KeptAnswer | None:
        """The answer kept under `key`, which is used with that."""
        with _sentences():
            row = self._connection.execute(
                """
                SELECT id, at, provider, model, cost, passages, text FROM answers
                WHERE collection = ? AND key = ?
                """,
                (self._collection, key),
            ).fetchone()
            answer = None if row is None else _answer(row, self._now())
            if answer is None or answer.age > _KEPT_FOR:
                return None
            self._connection.execute(f"UPDATE answers SET used = {_NEXT_USE} WHERE id = ?", (row["id"],))
            return answer

    def keep(self, key: bytes, completion: Completion, passages: int | None = None) -> None:
        """Keep `completion` under `key`, in place of one that is there; one larger than the cache is not kept."""
        text = _encoded(completion.text)
        if len(text) > self._most_bytes:
            return
        cost = completion.usage.cost
        now = self._now()
        with _sentences(), transaction(self._connection):
            self._connection.execute(
                f"""
                INSERT OR REPLACE INTO answers (
                    collection, key, at, used, provider, model, cost, passages, text
                ) VALUES (?, ?, ?, {_NEXT_USE}, ?, ?, ?, ?, ?)
                """,
                (
                    self._collection,
                    key,
                    now.isoformat(),
                    completion.provider,
                    completion.model,
                    None if cost is None else format(cost, "f"),
                    passages,
                    text,
                ),
            )
            self._connection.execute("DELETE FROM answers WHERE at < ?", ((now - _KEPT_FOR).isoformat(),))
            self._evict()

    def forget(self) -> None:
        """Remove the collection's answers, which is about to go, and their traces in the file."""
        with _sentences():
            gone = self._connection.execute("DELETE FROM answers WHERE collection = ?", (self._collection,))
            if not gone.rowcount:
                return
            # What was deleted stands in the log as it was.
            if self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                raise StorageError(
                    "The kept answers are gone, but the database is being read: its log cannot be emptied.",
                    "Try again when that is done.",
                )

    def _evict(self) -> None:
        self._connection.execute(
            """
            DELETE FROM answers WHERE id IN (
                SELECT id FROM (
                    SELECT id, row_number() OVER latest AS place, sum(length(text)) OVER latest AS bytes
                    FROM answers WINDOW latest AS (ORDER BY used DESC, id DESC)
                ) WHERE place > ? OR bytes > ?
            )
            """,
            (self._most_answers, self._most_bytes),
        )


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _answer(row: sqlite3.Row, now: datetime) -> KeptAnswer:
    return KeptAnswer(
        text=bytes(row["text"]).decode("utf-8", "surrogatepass"),
        provider=row["provider"],
        model=row["model"],
        cost=None if row["cost"] is None else Decimal(row["cost"]),
        passages=row["passages"],
        age=now - datetime.fromisoformat(row["at"]),
    )


@contextmanager
def _sentences() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, ValueError, ArithmeticError) as error:  # the last two: a byte changed on the disk
        raise StorageError(
            f"The kept answers cannot be used: {error}.",
            "Check the disk and the file's permissions, or set RAGCHAT_ANSWER_CACHE=false.",
        ) from error
