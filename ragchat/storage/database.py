"""SQLite as we use it: write-ahead log, explicit transactions, readable by the owner alone."""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from ragchat.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

BUSY_TIMEOUT_S = 5.0
_WAIT = "Free some space, or wait until others have finished writing."
_PERMIT = "Give yourself the right to write there, or set RAGCHAT_HOME to a folder you can write to."


def private_folder(path: Path) -> Path:
    """Make `path` and the parents it lacks, readable by the owner alone; raises `StorageError`."""
    try:
        # Each by itself: `parents=True` gives the mode to the last one only.
        for folder in (*reversed(path.parents), path):
            folder.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise StorageError(
            f"Cannot make the folder {folder}: {error.strerror}.",
            "Set RAGCHAT_HOME to a folder you can write to.",
        ) from error
    return path


def open_database(path: Path, migrations: Sequence[str]) -> sqlite3.Connection:
    """Open `path`, made if need be, and bring it to the newest schema; raises `StorageError`.

    `migrations[n]` takes the schema from version n to n + 1; the version stands in `user_version`.
    Each of its statements ends with a semicolon at the end of a line.
    The connection may be handed from thread to thread, one at a time.
    """
    private_folder(path.parent)
    try:
        # Made by us first: SQLite would follow the umask, and its -wal and -shm copy this file's mode.
        # Never opened when it is there: to close it would drop the locks this process holds on it.
        with suppress(FileExistsError):
            path.touch(0o600, exist_ok=False)
        return _open(path, migrations)
    except (sqlite3.Error, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise StorageError(
            f"Cannot open {path}: {reason}.",
            "Check the disk and the file's permissions; if the file is damaged, move it away.",
        ) from error


def _open(path: Path, migrations: Sequence[str]) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        _write_ahead(connection)
        _migrate(connection, migrations, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turn the write-ahead log on: SQLite does not wait when another process does so at the same moment."""
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _migrate(connection: sqlite3.Connection, migrations: Sequence[str], path: Path) -> None:
    if _version(connection) == len(migrations):
        return
    with transaction(connection):
        version = _version(connection)  # again: another process may have been faster
        if version > len(migrations):
            raise StorageError(f"Cannot open {path}: a newer ragchat made it.", "Update ragchat.")
        for script in migrations[version:]:
            for statement in script.split(";\n"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(migrations)}")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All or nothing; raises `StorageError` for a full disk or a lock that is kept too long.

    The write lock is taken at once: a deferred one fails when another was faster.
    """
    outer = connection.in_transaction  # not ours to roll back: SQLite refuses one within another
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")
    except BaseException as error:
        # After some errors, a full disk among them, SQLite has rolled back itself.
        if connection.in_transaction and not outer:
            connection.execute("ROLLBACK")
        # A plain error is a mistake of ours; the others are the disk's or another process's.
        if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            refused = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_READONLY  # whatever the exact reason
            raise StorageError(f"Nothing was written: {error}.", _PERMIT if refused else _WAIT) from error
        raise


@contextmanager
def told(what: str, *others: type[Exception]) -> Iterator[None]:
    """Raise `StorageError` for what SQLite raises, and for the `others`; `what` says what cannot be done."""
    errors: tuple[type[Exception], ...] = (sqlite3.Error, *others)
    try:
        yield
    except errors as error:
        raise StorageError(f"{what}: {error}.", "Check the disk and the file's permissions.") from error
