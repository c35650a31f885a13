"""The conversations of a home: begun, listed, found, read and removed."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ragchat.conversation.database import CREATE_CONVERSATIONS, DATABASE_FILE, KEY_FILE, SealedDatabase
from ragchat.conversation.entry import Entry, chosen, shortened
from ragchat.conversation.payload import partial_turn, unpacked
from ragchat.conversation.sealing import Keys, name_place, open_sealing, turn_place
from ragchat.conversation.stored import StoredSession, rename
from ragchat.errors import StorageError, UsageError
from ragchat.storage.database import open_database, told

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ragchat.core.answer import Turn
    from ragchat.core.choices import EncryptionChoice

# Letters alone, so that an id is no number of a list, and no vowels, so that it is no word.
_LETTERS = "bcdfghjkmnpqrstvwxz"
_ID_LETTERS = 5
_UNREADABLE = "(a question that cannot be read)"
_CUT = "The answer was cut: ragchat was stopped while it came."


def nobody_asked(_new: bool) -> str:
    """Instead of a passphrase, where nobody can be asked for it: raises `UsageError`."""
    raise UsageError(
        "The conversations are encrypted by a passphrase, and nobody can be asked for it.",
        "Set RAGCHAT_PASSPHRASE.",
    )


def open_conversations(
    home: Path,
    encryption: EncryptionChoice = "off",
    ask_passphrase: Callable[[bool], str] = nobody_asked,
    forget: Callable[[str], None] = lambda _: None,
    *,
    loosen: bool = False,
) -> Conversations:
    """The conversations kept in `home`, encrypted as `encryption` says: what is there is changed to that.

    It is changed to something laxer only if it may `loosen`. `ask_passphrase` is told whether it is a new one.
    `forget` forgets what was answered from a collection, of which a session was removed or encrypted. Raises
    `StorageError`, and `UsageError` for a wrong passphrase; then nothing is changed.
    """
    connection = open_database(home / DATABASE_FILE, (CREATE_CONVERSATIONS,))
    try:
        with told("The conversations cannot be used"):
            keys = Keys(home / KEY_FILE, ask_passphrase)
            sealing, seal, changed = open_sealing(connection, keys, encryption, loosen=loosen)
        conversations = Conversations(SealedDatabase(connection, sealing, seal), forget)
        if changed:
            conversations.settle_sealing()
    except BaseException:
        connection.close()
        raise
    return conversations


class Conversations:
    """All stored sessions. Every method raises `StorageError`; those that take an id raise `UsageError`.

    `notices` says what a person should know about how the store was opened.
    """

    def __init__(self, database: SealedDatabase, forget: Callable[[str], None] = lambda _: None) -> None:
        self.notices: tuple[str, ...] = ()
        self._database = database
        self._forget = forget

    @property
    def encrypted(self) -> bool:
        """Whether what is kept is encrypted."""
        return self._database.encrypted

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def settle_sealing(self) -> None:
        """After the texts were sealed anew: leave none of the old ones behind, and say what was done."""
        done = "encrypted" if self.encrypted else "decrypted, and are kept readable from now on"
        self.notices = (f"The conversations kept so far were {done}.",)
        try:
            self._database.empty_log()
            for collection in {entry.collection for entry in self.list()} if self.encrypted else ():
                self._forget(collection)
        except StorageError as error:
            self.notices += (f"{error.message} {error.hint}",)

    def begin(self, collection: str, clock: Callable[[], float] = time.monotonic) -> StoredSession:
        """A new session about `collection`; `clock` says when the text so far is to be written again."""
        with self._database.using() as connection:
            session = _new_id()
            while connection.execute("SELECT 1 FROM sessions WHERE id = ?", (session,)).fetchone():
                session = _new_id()
        return StoredSession(self._database, session, collection, clock=clock)

    def list(self) -> tuple[Entry, ...]:
        """All sessions, the latest first."""
        with self._database.using() as connection:
            rows = connection.execute(
                """
                SELECT sessions.*, count(turns.number) AS questions
                FROM sessions LEFT JOIN turns ON turns.session = sessions.id
                GROUP BY sessions.id ORDER BY last_at DESC, sessions.id
                """
            ).fetchall()
        return tuple(self._entry(row) for row in rows)

    def find(self, text: str) -> Entry:
        """The session that `text` means: its id, its number in the list, its name, or how one of them begins."""
        return chosen(text, self.list())

    def load(self, session: str) -> tuple[Turn, ...]:
        """The turns of a session, oldest first; of one that cannot be read, a notice of its answer says so."""
        return tuple(self._turn(row) for row in self._rows(session))

    def resume(self, session: str) -> tuple[StoredSession, tuple[Turn, ...]]:
        """A session to be gone on with, and its turns."""
        entry = self._known(session)
        rows = self._rows(session)
        numbers = tuple(row["number"] for row in rows)
        stored = StoredSession(self._database, session, entry.collection, name=entry.name, numbers=numbers)
        return stored, tuple(self._turn(row) for row in rows)

    def rename(self, session: str, name: str) -> str:
        """Call a session `name`, as it comes back: on one line of at most 60 characters."""
        if not (line := shortened(name)):
            raise UsageError("A session cannot be called nothing.", "Type a name.")
        self._known(session)
        with self._database.using() as connection:
            rename(connection, self._database, session, line)
        return line

    def remove(self, session: str) -> None:
        """Remove a session with everything in it, and what is kept of its answers elsewhere."""
        self._known(session)
        self._remove("id = ?", session)

    def remove_all(self) -> int:
        """Remove every session; how many there were."""
        return self._remove("last_at <= ?", "~")  # no time is greater

    def remove_older_than(self, days: float) -> int:
        """Remove the sessions that nothing was asked in for `days`; how many there were."""
        return self._remove("last_at < ?", (datetime.now(UTC) - timedelta(days=days)).isoformat())

    def _remove(self, which: str, value: str) -> int:
        with self._database.using() as connection:
            rows = connection.execute(f"SELECT collection FROM sessions WHERE {which}", (value,)).fetchall()
            connection.execute(f"DELETE FROM sessions WHERE {which}", (value,))
        try:
            # Also when there was nothing: an earlier removal may have found the log in use.
            self._database.empty_log()
        finally:
            for collection in {row["collection"] for row in rows}:
                self._forget(collection)
        return len(rows)

    def _known(self, session: str) -> Entry:
        entries = [entry for entry in self.list() if entry.id == session]
        return entries[0] if entries else chosen(session, [])

    def _rows(self, session: str) -> Sequence[sqlite3.Row]:
        with self._database.using() as connection:
            ordered = "SELECT * FROM turns WHERE session = ? ORDER BY number"
            return connection.execute(ordered, (session,)).fetchall()

    def _entry(self, row: sqlite3.Row) -> Entry:
        try:
            name = self._database.opened(row["name"], name_place(row["id"]))
        except StorageError:
            name = "(a name that cannot be read)"
        return Entry(
            row["id"],
            name,
            row["collection"],
            row["questions"],
            _time(row["began_at"]),
            _time(row["last_at"]),
        )

    def _turn(self, row: sqlite3.Row) -> Turn:
        at = _time(row["at"])
        question = _UNREADABLE
        try:
            question = self._database.opened(row["question"], self._place(row, "question"))
            payload = self._database.opened_bytes(row["payload"], self._place(row, "payload"))
            if row["state"] == "answered":
                return unpacked(payload)
        except StorageError as error:
            return partial_turn(question, at, "", f"{error.message} {error.hint}".strip())
        return partial_turn(question, at, payload.decode("utf-8", "replace"), _CUT)

    def _place(self, row: sqlite3.Row, column: str) -> str:
        return turn_place(row["session"], row["number"], column)


def _time(stored: str) -> datetime:
    with told("The time of a session cannot be read", ValueError):
        return datetime.fromisoformat(stored)


def _new_id() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_ID_LETTERS))
