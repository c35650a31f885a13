"""What lies in a home, by name: read from its folders and databases alone, while a person waits at Tab."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_READ_S = 0.2


def collection_folder(home: Path, name: str) -> Path:
    """Where the collection `name` lies, or would."""
    return home / "collections" / name


def collection_names(home: Path) -> list[str]:
    """What the collections below `home` are called, in order."""
    folder = home / "collections"
    return (
        sorted(path.name for path in folder.iterdir() if (path / "index.db").is_file()) if folder.is_dir() else []
    )


def sources(home: Path, name: str) -> list[str]:
    """The documents of a collection, in order; none where that cannot be read at once. Nothing is made."""
    # Spelt as a URI, which alone can ask for reading only: a `?` in the path must not end it.
    address = f"{(collection_folder(home, name) / 'index.db').resolve().as_uri()}?mode=ro"
    with (
        suppress(sqlite3.Error, OSError),
        closing(sqlite3.connect(address, uri=True, timeout=_READ_S)) as connection,
    ):
        return [row[0] for row in connection.execute("SELECT source FROM documents ORDER BY source")]
    return []
