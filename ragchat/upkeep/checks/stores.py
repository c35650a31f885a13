"""What ragchat has written: the ledger, the conversations, and the index of a collection."""

from __future__ import annotations

import shlex
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from ragchat.conversation.database import CREATE_CONVERSATIONS, DATABASE_FILE, KEY_FILE
from ragchat.conversation.sealing import Keys, read_sealing
from ragchat.conversation.store import nobody_asked
from ragchat.embeddings.choose import kind_of
from ragchat.errors import IndexBusy, RagchatError, StorageError
from ragchat.index.damage import damaged, lost, sound
from ragchat.storage.database import open_database
from ragchat.upkeep.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ragchat.conversation.sealing import Sealing
    from ragchat.index.collection import Collection

_INGEST = "Ingest some documents: ragchat ingest PATH"


def check_ledger(file: Path, open_ledger: Callable[[Path], sqlite3.Connection]) -> Finding:
    """`ledger`: whether the database `file`, which holds attempts and consents, is whole."""
    if not file.exists():
        return Finding("ledger", "ok", "No question has been asked yet.")
    try:
        with closing(open_ledger(file)) as connection:
            damage = _damage(connection)
    except StorageError as error:
        return Finding("ledger", "problem", error.message, error.hint)
    except sqlite3.Error as error:
        damage = str(error)
    if damage:
        return Finding("ledger", "problem", f"{file} is damaged: {damage}.", "Move it away; a new one is made.")
    return Finding("ledger", "ok", "The ledger of attempts is whole.")


def check_conversations(home: Path) -> Finding:
    """`conversations`: whether their database is whole, and their key is there and private.

    A passphrase is not asked for.
    """
    file = home / DATABASE_FILE
    if not file.exists():
        return Finding("conversations", "ok", "No conversation is kept yet.")
    try:
        with closing(open_database(file, (CREATE_CONVERSATIONS,))) as connection:
            damage, sealing = _damage(connection), read_sealing(connection)
    except StorageError as error:
        return Finding("conversations", "problem", error.message, error.hint)
    except sqlite3.Error as error:
        damage = str(error)
    if damage:
        return Finding(
            "conversations", "problem", f"{file} is damaged: {damage}.", "Move it away; a new one is made."
        )
    if sealing.kind == "file":
        return _check_key(home / KEY_FILE, sealing)
    how = "encrypted by a passphrase" if sealing.kind == "passphrase" else "not encrypted"
    return Finding("conversations", "ok", f"The conversations are whole, and {how}.")


def _check_key(key: Path, sealing: Sealing) -> Finding:
    try:
        Keys(key, nobody_asked).seal(sealing)
    except StorageError as error:
        return Finding("conversations", "problem", error.message, error.hint)
    if key.stat().st_mode & 0o077:
        told = f"Others on this machine can read {key}, which opens your conversations."
        return Finding("conversations", "warning", told, f"Run `chmod 600 {shlex.quote(str(key))}`.")
    return Finding("conversations", "ok", "The conversations are whole, and encrypted by a key in a file.")


def missing_index(name: str | None) -> Finding:
    """`index`: the collection `name`, None for the default one, is not there."""
    if name is None:
        return Finding("index", "warning", "Nothing is indexed yet.", _INGEST)
    return Finding(
        "index", "problem", f"There is no collection called {name}.", "See them all: ragchat collection list"
    )


def unusable_index(folder: Path, error: Exception) -> Finding:
    """`index`: what was raised when the collection in `folder` was opened or read."""
    if isinstance(error, RagchatError):
        return Finding("index", "problem", error.message, error.hint)
    if isinstance(error, OSError):
        return Finding(
            "index", "problem", f"{folder} cannot be read: {error.strerror}.", "Give yourself the right to."
        )
    return Finding("index", "problem", f"{folder / 'index.db'} cannot be read: {error}.", "Try again.")


def check_index(collection: Collection, wish: str) -> Finding:
    """`index`: whether its parts can be opened and agree, and it goes with the embedder wished for.

    They are counted only: `ragchat index verify` looks for every chunk.
    """
    try:
        # Alone: between a writer's two halves they do not agree.
        with closing(collection), collection.holding(wait_s=0):
            return _looked_into(collection, wish)
    except IndexBusy as error:
        return Finding("index", "warning", error.message, error.hint)
    except (RagchatError, sqlite3.Error, OSError) as error:
        return unusable_index(collection.folder, error)


def _looked_into(collection: Collection, wish: str) -> Finding:
    _require_sound(collection)
    documents, chunks = collection.manifest.counts()
    if not documents:
        return Finding("index", "warning", f"The collection {collection.name} is empty.", _INGEST)
    collection.require_documents()
    held = f"The collection {collection.name} holds {_counted(documents, 'document')}"
    held += f" and {_counted(chunks, 'chunk')}"
    if wish not in ("auto", kind_of(collection.embedder or "")):
        return Finding(
            "index",
            "problem",
            f"{held}, embedded by {collection.embedder}, and {wish} is asked for.",
            "Leave RAGCHAT_EMBEDDER out to use the collection's own.",
        )
    if collection.manifest.is_unsettled:
        message = f"{held}. A writer was stopped before it had finished."
        return Finding("index", "warning", message, "The next `ragchat ingest` tidies up.")
    words, vectors = collection.view().chunks, len(collection.vectors.ids())
    if not words == chunks == vectors:
        told = f"{held}, but the words of {words:,} and {_counted(vectors, 'vector')}."
        raise damaged(told, collection.folder)
    generation = collection.manifest.generation
    return Finding("index", "ok", f"{held}, with words and a vector for each; it is generation {generation}.")


def _require_sound(collection: Collection) -> None:
    file = collection.folder / "index.db"
    with sound(file):
        said = _damage(collection.manifest.connection)
    if said:
        raise lost(f"{file} is damaged: {said}.", collection.folder)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _damage(connection: sqlite3.Connection) -> str:
    """The first thing that SQLite finds wrong with its file; may raise it too."""
    said = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    return "" if said == "ok" else said
