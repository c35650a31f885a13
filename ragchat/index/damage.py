"""A damaged index is named, with its cure."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ragchat.errors import IndexDamaged, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def damaged(message: str, collection: Path) -> IndexDamaged:
    """The error for what is wrong in the folder of a collection, and can be made again from its texts."""
    return IndexDamaged(message, f"Run `ragchat index repair --collection {collection.name}`.")


def lost(message: str, collection: Path) -> IndexDamaged:
    """The same where the texts are what is damaged."""
    return IndexDamaged(message, f"Run `ragchat collection remove {collection.name}` and ingest again.")


@contextmanager
def sound(database: Path) -> Iterator[None]:
    """Raise `IndexDamaged` where SQLite finds the database of a collection damaged, at its opening too."""
    try:
        yield
    except (StorageError, sqlite3.DatabaseError) as error:
        cause = error.__cause__ if isinstance(error, StorageError) else error
        # SQLite says so with this class itself; its subclasses are for other troubles.
        if type(cause) is not sqlite3.DatabaseError:
            raise
        raise lost(f"{database} is damaged: {cause}.", database.parent) from cause
