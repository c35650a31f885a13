"""An attempt, and where it is made."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ragchat.usage.ledger import Attempt

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    import pytest

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ATTEMPT = Attempt("turn", 2, "groq", "openai/gpt-oss-20b", "api.groq.com", "ollama")


def row_of(state: sqlite3.Connection) -> dict[str, object]:
    """The one attempt there is."""
    (row,) = state.execute("SELECT * FROM attempts").fetchall()
    return dict(row)


@contextmanager
def local_time(monkeypatch: pytest.MonkeyPatch, zone: str) -> Iterator[None]:
    """This process lives in `zone`."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", zone)
        time.tzset()
        yield
    time.tzset()
