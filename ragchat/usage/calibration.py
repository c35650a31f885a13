"""How long the tokens of each model are, learned from what servers count."""

from __future__ import annotations

import sqlite3

from ragchat.language.tokens import BYTES_PER_TOKEN, MARGIN, estimate_tokens
from ragchat.storage.database import told, transaction

CREATE_CALIBRATIONS = """
CREATE TABLE calibrations (
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    bytes_per_token REAL NOT NULL CHECK (bytes_per_token > 0),
    samples INTEGER NOT NULL,
    PRIMARY KEY (provider, model)
) WITHOUT ROWID
"""

LEAST, MOST = 1.0, 8.0
"""Bytes per token lie between these, whatever a server claims."""

# Shorter tokens than were thought are believed sooner: a prompt that is too long is refused, or cut silently.
_SHORTER, _LONGER = 0.5, 0.2
_FEW = 5
_MARGIN_OF_MANY = 1.03


class Calibration:
    """Estimates tokens; all processes of a home share what is learned."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def tokens(self, provider: str, model: str, text: str) -> int:
        """How many tokens `model` will count in `text`, rather too many than too few; raises nothing."""
        try:
            known = self._connection.execute(
                "SELECT bytes_per_token, samples FROM calibrations WHERE provider = ? AND model = ?",
                (provider, model),
            ).fetchone()
        except sqlite3.Error:
            known = None  # an estimate that knows less is still one
        size, samples = known or (BYTES_PER_TOKEN, 0)
        return estimate_tokens(text, size, MARGIN if samples < _FEW else _MARGIN_OF_MANY)

    def learn(self, provider: str, model: str, text_bytes: int, counted: int) -> None:
        """A server counted `counted` tokens in `text_bytes` bytes, all of which it read; raises `StorageError`.

        The mean is exponentially weighted, and starts from the estimate for models nobody knows.
        """
        if text_bytes <= 0 or counted <= 0:
            return
        seen = min(MOST, max(LEAST, text_bytes / counted))
        with told("The lengths of tokens cannot be kept"), transaction(self._connection):
            self._connection.execute(
                "INSERT OR IGNORE INTO calibrations VALUES (?, ?, ?, 0)", (provider, model, BYTES_PER_TOKEN)
            )
            self._connection.execute(
                """
                    UPDATE calibrations SET samples = samples + 1, bytes_per_token = bytes_per_token
                        + (:seen - bytes_per_token)
                        * CASE WHEN :seen < bytes_per_token THEN :shorter ELSE :longer END
                    WHERE provider = :provider AND model = :model
                    """,
                {
                    "seen": seen,
                    "shorter": _SHORTER,
                    "longer": _LONGER,
                    "provider": provider,
                    "model": model,
                },
            )
