"""The database of the conversations: its tables, and every change under the seal it was opened with."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ragchat.conversation.sealing import read_sealing
from ragchat.errors import StorageError
from ragchat.storage.database import told, transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from ragchat.conversation.sealing import Sealing
    from ragchat.privacy.seal import Seal

DATABASE_FILE = "conversations.db"
KEY_FILE = "conversations.key"
_UNUSABLE = "The conversations cannot be used"

# `payload` is the text so far of a question that is `asked`, and the packed turn of one that is `answered`.
# What people typed and models wrote is in BLOBs: it may be sealed.
CREATE_CONVERSATIONS = """
CREATE TABLE sealing (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    kind TEXT NOT NULL,
    salt BLOB NOT NULL,
    proof BLOB NOT NULL
);
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    name BLOB NOT NULL,
    collection TEXT NOT NULL,
    began_at TEXT NOT NULL,
    last_at TEXT NOT NULL
);
CREATE TABLE turns (
    session TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    number INTEGER NOT NULL,
    question BLOB NOT NULL,
    at TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('asked', 'answered')),
    payload BLOB NOT NULL,
    PRIMARY KEY (session, number)
)
"""


class SealedDatabase:
    """One connection with the seal of its texts. Any number of processes may use the file at once."""

    def __init__(self, connection: sqlite3.Connection, sealing: Sealing, seal: Seal) -> None:
        self._connection = connection
        self._sealing = sealing
        self._seal = seal

    @property
    def encrypted(self) -> bool:
        """Whether the texts are under a key."""
        return self._sealing.kind != "off"

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @contextmanager
    def hurried(self) -> Iterator[sqlite3.Connection]:
        """As `using`, without waiting for the disk: what is written survives our end, but no loss of power."""
        with told(_UNUSABLE):
            self._connection.execute("PRAGMA synchronous = NORMAL")
            try:
                with self.using() as connection:
                    yield connection
            finally:
                self._connection.execute("PRAGMA synchronous = FULL")

    @contextmanager
    def using(self) -> Iterator[sqlite3.Connection]:
        """A transaction in which the texts are under our seal; raises `StorageError`."""
        with told(_UNUSABLE), transaction(self._connection) as connection:
            if read_sealing(connection) != self._sealing:
                raise StorageError(
                    "Another ragchat has changed how the conversations are encrypted.", "Start this one again."
                )
            yield connection

    def closed(self, text: str, place: str) -> bytes:
        """`text` as it is stored in `place`."""
        return self.closed_bytes(text.encode("utf-8", "replace"), place)

    def closed_bytes(self, plain: bytes, place: str) -> bytes:
        """The same of bytes."""
        return self._seal.close(plain, place)

    def opened(self, stored: bytes, place: str) -> str:
        """The text stored in `place`; raises `StorageError` where it is damaged."""
        return self.opened_bytes(stored, place).decode("utf-8", "replace")

    def opened_bytes(self, stored: bytes, place: str) -> bytes:
        """The same of bytes."""
        return self._seal.open(bytes(stored), place)

    def empty_log(self) -> None:
        """Leave no trace of what was removed, which stands in the log as it was; raises `StorageError`."""
        with told("The log of the conversations cannot be emptied"):
            busy = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise StorageError(
                "It is removed, but the database is being read: its log still holds it.",
                "Leave the other ragchat; the log is emptied by the next removal, or when the last one has gone.",
            )
