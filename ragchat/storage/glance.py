"""A look into a database while a person waits at Tab: nothing is made, and nobody is waited for long."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_READ_S = 0.2


def glance(file: Path, query: str) -> list[tuple[object, ...]]:
    """The rows of `query`; none where they cannot be read at once."""
    # Spelt as a URI, which alone can ask for reading only: a `?` in the path must not end it.
    address = f"{file.resolve().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=_READ_S)) as connection:
            return connection.execute(query).fetchall()
    except (sqlite3.Error, OSError):
        return []
