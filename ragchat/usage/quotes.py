"""The prices that providers name themselves, asked for once a day."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ragchat.errors import GenerationError
from ragchat.storage.database import told, transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping

    from ragchat.core.pricing import Price
    from ragchat.usage.prices import Prices

CREATE_QUOTES = """
CREATE TABLE quotes (
    server TEXT NOT NULL PRIMARY KEY,
    asked_at TEXT NOT NULL
) WITHOUT ROWID
"""

_EVERY = timedelta(days=1)


class Quotes:
    """Asks the `sources`, by provider, for the price of each model, and keeps it; raises `StorageError`.

    A source raises `GenerationError` when it has none to tell. All processes of a home ask once together.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        prices: Prices,
        sources: Mapping[str, Callable[[], Mapping[str, Price]]],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._connection = connection
        self._prices = prices
        self._sources = sources
        self._now = now

    def refresh(self, provider: str) -> None:
        """Ask `provider`, unless that was done within a day, in vain too."""
        if provider not in self._sources or not self._is_due(self._prices.seller(provider)):
            return
        with suppress(GenerationError):  # what is published holds instead
            quoted = self._sources[provider]()
            with transaction(self._connection):
                for model, price in quoted.items():
                    self._prices.note(provider, model, price)

    def _is_due(self, server: str) -> bool:
        """Whether it is for us to ask now: noted first, so that no two do."""
        now = self._now().astimezone(UTC)
        with told("When prices were asked for cannot be kept"):
            noted = self._connection.execute(
                """
                INSERT INTO quotes VALUES (:server, :now) ON CONFLICT DO UPDATE SET asked_at = excluded.asked_at
                WHERE asked_at <= :before OR asked_at > :now
                """,
                {"server": server, "now": now.isoformat(), "before": (now - _EVERY).isoformat()},
            )
        return noted.rowcount == 1
