"""One session as it is written while it lasts."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ragchat.conversation.entry import shortened
from ragchat.conversation.payload import packed
from ragchat.conversation.sealing import name_place, turn_place
from ragchat.errors import StorageError, UsageError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from ragchat.conversation.database import SealedDatabase
    from ragchat.core.answer import Turn

_BETWEEN_WRITES_S = 1.0


class StoredSession:
    """A session in the store; every method that writes raises `StorageError`.

    Nothing is written before the first question: an empty session leaves nothing behind. `numbers` are those of
    the turns that it goes on with.
    """

    def __init__(
        self,
        database: SealedDatabase,
        session: str,
        collection: str,
        *,
        name: str = "",
        numbers: tuple[int, ...] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.id = session
        self.name = name
        self.collection = collection
        self._database = database
        self._numbers = list(numbers)
        self._is_there = bool(numbers)
        self._renamed = False
        self._clock = clock
        self._pending: int | None = None
        self._heard: list[str] = []
        self._written_at = 0.0

    def ask(self, question: str) -> None:
        """Write a question that was asked just now."""
        now = _now()
        with self._database.using() as connection:
            if not self._is_there:
                self._begin(connection, question, now)
            number = self._next(connection)
            self._insert(connection, number, question, now)
            self._touch(connection, now)
        self._is_there = True
        self._pending, self._heard, self._written_at = number, [], self._clock()

    def hear(self, text: str) -> None:
        """The next piece of the answer; what has come till now is written once a second at the most."""
        self._heard.append(text)
        if self._pending is not None and self._clock() - self._written_at >= _BETWEEN_WRITES_S:
            self._write_partial()

    def answer(self, turn: Turn, *, replacing: bool) -> None:
        """Write the whole turn; where it is `replacing` the last one, that goes in the same moment."""
        if self._pending is None:
            return
        number = self._numbers[-1] if replacing else self._pending
        with self._database.using() as connection:
            if replacing:
                self._delete(connection, self._pending)
            payload = self._database.closed_bytes(packed(turn), turn_place(self.id, number, "payload"))
            question = self._database.closed(turn.question, turn_place(self.id, number, "question"))
            written = connection.execute(
                """
                UPDATE turns SET state = 'answered', question = ?, payload = ? WHERE session = ? AND number = ?
                """,
                (question, payload, self.id, number),
            )
            _require(written)
            self._touch(connection, _now())
        if not replacing:
            self._numbers.append(number)
        self._pending = None

    def stop(self, *, keep_question: bool) -> None:
        """No more will come: what was heard stays; a question without a word of an answer if `keep_question`."""
        if self._pending is None:
            return
        if self._heard:
            self._write_partial()
        elif not keep_question:
            self._take_away(self._pending)
        self._pending = None

    def undo(self) -> None:
        """Take the last turn away, and the session with the last of its turns."""
        if self._numbers:
            self._take_away(self._numbers.pop())
            self._database.empty_log()

    def rename(self, name: str) -> None:
        """Call the session `name`; raises `UsageError` for one that is empty."""
        if not (line := shortened(name)):
            raise UsageError("A session cannot be called nothing.", "Type a name.")
        if self._is_there:
            with self._database.using() as connection:
                rename(connection, self._database, self.id, line)
        self.name, self._renamed = line, True

    def _begin(self, connection: sqlite3.Connection, question: str, now: str) -> None:
        self.name = self.name or shortened(question)
        name = self._database.closed(self.name, name_place(self.id))
        connection.execute(
            "INSERT INTO sessions (id, name, collection, began_at, last_at) VALUES (?, ?, ?, ?, ?)",
            (self.id, name, self.collection, now, now),
        )

    def _insert(self, connection: sqlite3.Connection, number: int, question: str, now: str) -> None:
        connection.execute(
            "INSERT INTO turns (session, number, question, at, state, payload) VALUES (?, ?, ?, ?, 'asked', ?)",
            (
                self.id,
                number,
                self._database.closed(question, turn_place(self.id, number, "question")),
                now,
                self._database.closed("", turn_place(self.id, number, "payload")),
            ),
        )

    def _write_partial(self) -> None:
        assert self._pending is not None
        text = self._database.closed("".join(self._heard), turn_place(self.id, self._pending, "payload"))
        with self._database.hurried() as connection:
            where = (text, self.id, self._pending)
            _require(connection.execute("UPDATE turns SET payload = ? WHERE session = ? AND number = ?", where))
        self._written_at = self._clock()

    def _take_away(self, number: int) -> None:
        with self._database.using() as connection:
            self._delete(connection, number)
            left = connection.execute("SELECT 1 FROM turns WHERE session = ?", (self.id,)).fetchone()
            if left is None:
                connection.execute("DELETE FROM sessions WHERE id = ?", (self.id,))
        self._is_there = left is not None
        if left is None and not self._renamed:
            self.name = ""  # it was the beginning of a question that is gone

    def _delete(self, connection: sqlite3.Connection, number: int) -> None:
        connection.execute("DELETE FROM turns WHERE session = ? AND number = ?", (self.id, number))

    def _next(self, connection: sqlite3.Connection) -> int:
        highest = "SELECT coalesce(max(number), 0) + 1 FROM turns WHERE session = ?"
        return int(connection.execute(highest, (self.id,)).fetchone()[0])

    def _touch(self, connection: sqlite3.Connection, now: str) -> None:
        _require(connection.execute("UPDATE sessions SET last_at = ? WHERE id = ?", (now, self.id)))


def rename(connection: sqlite3.Connection, database: SealedDatabase, session: str, name: str) -> None:
    """Call a session `name`, in a transaction; raises `StorageError` when it is gone."""
    sealed = database.closed(name, name_place(session))
    _require(connection.execute("UPDATE sessions SET name = ? WHERE id = ?", (sealed, session)))


def _require(written: sqlite3.Cursor) -> None:
    if not written.rowcount:
        raise StorageError("The session was removed meanwhile.", "Begin another one.")


def _now() -> str:
    return datetime.now(UTC).isoformat()
