"""How long answers have taken."""

from __future__ import annotations

import sqlite3
import statistics

from ragchat.errors import StorageError

# The latest tell most: models and machines change.
_LATEST = 50


def typical_seconds(connection: sqlite3.Connection, provider: str, model: str) -> float | None:
    """The median of the latest whole answers; None while there is none. Raises `StorageError`."""
    try:
        rows = connection.execute(
            """
            SELECT total_s FROM attempts
            WHERE provider = ? AND model = ? AND outcome = 'ok' AND total_s IS NOT NULL
            ORDER BY id DESC LIMIT ?
            """,
            (provider, model, _LATEST),
        ).fetchall()
    except sqlite3.Error as error:
        raise StorageError(
            f"The ledger cannot be read: {error}.", "Check the disk and its permissions."
        ) from error
    return statistics.median(row[0] for row in rows) if rows else None
