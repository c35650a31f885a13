"""What a collection holds: documents, their chunks and words, in one SQLite file. It is the truth.

The vectors follow it: an id stands in `pending` from before its vector is written, or its row removed, until
both sides agree. After a crash, whatever is pending and no chunk of the manifest is removed from the vectors.
"""

from __future__ import annotations

import json
import os.path
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ragchat.index.damage import sound
from ragchat.index.lexical import add_words, remove_words
from ragchat.index.schema import CHUNK_COLUMNS, SCHEMA, stored
from ragchat.storage.database import open_database, transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from ragchat.core.document import Chunk
    from ragchat.index.schema import StoredChunk


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A document as the manifest lists it: `modified` in ns since the epoch, `ingested_at` in UTC.

    `recipe` names the versions of what made its chunks and words.
    """

    source: str
    id: str
    title: str
    chunks: int
    bytes: int
    modified: int
    recipe: str
    ingested_at: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A document ready to be written, with what the file system said of its file."""

    source: str
    id: str
    title: str
    chunks: tuple[Chunk, ...]
    bytes: int
    modified: int
    recipe: str


class Manifest:
    """The database `path`; raises `StorageError`, and `IndexDamaged` at whatever use finds it damaged."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with sound(path):
            self._connection = open_database(path, (SCHEMA,))
        self._file = path.stat()

    @property
    def connection(self) -> sqlite3.Connection:
        """For the word index, which lives in the same file."""
        return self._connection

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def is_there(self) -> bool:
        """Whether the file is still the one that was opened: another process may have removed it."""
        try:
            return os.path.samestat(self._file, self._path.stat())
        except FileNotFoundError:
            return False

    # What the collection is

    @property
    def embedder(self) -> str | None:
        """The fingerprint of the embedder whose vectors the collection holds; None before the first."""
        return self._property("embedder")

    def bind(self, fingerprint: str) -> None:
        """Note whose vectors the collection holds from now on."""
        with self._change():
            self._set_property("embedder", fingerprint)
            self._count_change()

    @property
    def folder(self) -> str | None:
        """The path that the collection is kept for; None when it is a person's own."""
        return self._property("folder")

    def keep_folder(self, path: str) -> None:
        """Note the path that the collection is kept for."""
        with self._change():
            self._set_property("folder", path)

    @property
    def generation(self) -> int:
        """Goes up with every change."""
        return int(self._property("generation") or 0)

    def _property(self, name: str) -> str | None:
        rows = self._read("SELECT value FROM properties WHERE name = ?", name)
        return str(rows[0]["value"]) if rows else None

    def _set_property(self, name: str, value: str) -> None:
        self._connection.execute("INSERT OR REPLACE INTO properties VALUES (?, ?)", (name, value))

    def _count_change(self) -> None:
        self._set_property("generation", str(self.generation + 1))

    # What it holds

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """What is read inside is of one moment: a row may else mean another chunk from one look to the next."""
        with sound(self._path):
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("COMMIT")

    def documents(self) -> list[DocumentRecord]:
        """All documents, by source."""
        rows = self._read(
            "SELECT d.*, (SELECT count(*) FROM chunks c WHERE c.document = d.row) AS chunks"
            " FROM documents d ORDER BY source"
        )
        names = DocumentRecord.__dataclass_fields__
        return [DocumentRecord(**{name: row[name] for name in names}) for row in rows]

    def counts(self) -> tuple[int, int]:
        """How many documents and chunks."""
        (row,) = self._read(
            "SELECT (SELECT count(*) FROM documents) AS documents, (SELECT count(*) FROM chunks) AS chunks"
        )
        return row["documents"], row["chunks"]

    def chunks_of(self, source: str) -> list[Chunk]:
        """The chunks of one document in order; none when it is not there."""
        rows = self._read(f"SELECT {CHUNK_COLUMNS} WHERE d.source = ? ORDER BY c.position", source)
        return [stored(row).chunk for row in rows]

    def rows(self, ids: Iterable[str]) -> dict[str, int]:
        """The row of each chunk id that is there."""
        wanted = json.dumps(list(ids))
        found = self._read("SELECT id, row FROM chunks WHERE id IN (SELECT value FROM json_each(?))", wanted)
        return {row["id"]: row["row"] for row in found}

    def rows_below(self, pattern: str) -> dict[str, int]:
        """Id and row of each chunk whose document's source, or the end of it after a slash, matches a glob."""
        found = self._read(
            "SELECT c.id, c.row FROM chunks c JOIN documents d ON d.row = c.document"
            " WHERE d.source GLOB ?1 OR d.source GLOB '*/' || ?1",
            pattern,
        )
        return {row["id"]: row["row"] for row in found}

    def chunks(self, rows: Iterable[int]) -> dict[int, StoredChunk]:
        """The chunk of each row that is there."""
        wanted = json.dumps(list(rows))
        found = self._read(f"SELECT {CHUNK_COLUMNS} WHERE c.row IN (SELECT value FROM json_each(?))", wanted)
        return {row["row"]: stored(row) for row in found}

    def _read(self, query: str, *values: str) -> list[sqlite3.Row]:
        with sound(self._path):
            return self._connection.execute(query, values).fetchall()

    # How it changes

    def orphans(self) -> list[str]:
        """The ids whose vectors a writer that did not finish may have left behind."""
        rows = self._read(
            "SELECT id FROM pending WHERE NOT EXISTS (SELECT 1 FROM chunks c WHERE c.id = pending.id)"
        )
        return [row["id"] for row in rows]

    def intend(self, ids: Iterable[str]) -> None:
        """Note that the vectors of `ids` are about to be written."""
        with self._change():
            self._connection.executemany("INSERT OR IGNORE INTO pending VALUES (?)", ((name,) for name in ids))

    def settle(self) -> None:
        """Note that vectors and manifest agree."""
        with self._change():
            if self._connection.execute("DELETE FROM pending").rowcount:
                self._count_change()

    def replace(self, entries: Sequence[Entry], removed: Iterable[str] = ()) -> list[str]:
        """Write `entries` in place of what their sources held, drop `removed`, all in one transaction.

        Returns the ids of the chunks that went and did not come back; they are pending until `settle`.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._change():
            gone = [name for source in (*(e.source for e in entries), *removed) for name in self._drop(source)]
            for entry in entries:
                self._insert(entry, now)
            kept = {chunk.id for entry in entries for chunk in entry.chunks}
            stale = [name for name in gone if name not in kept]
            self._connection.executemany("INSERT OR IGNORE INTO pending VALUES (?)", ((name,) for name in stale))
            self._count_change()
        return stale

    def touch(self, source: str, size: int, modified: int) -> None:
        """Note what the file system says now of a file whose text has not changed."""
        with self._change():
            self._connection.execute(
                "UPDATE documents SET bytes = ?, modified = ? WHERE source = ?", (size, modified, source)
            )

    def outdate(self) -> None:
        """Forget by which recipe the documents were made: the next ingest makes them again."""
        with self._change():
            self._connection.execute("UPDATE documents SET recipe = ''")

    @contextmanager
    def _change(self) -> Iterator[None]:
        with sound(self._path), transaction(self._connection):
            yield

    def _drop(self, source: str) -> list[str]:
        rows = self._connection.execute(
            "SELECT row, id FROM chunks WHERE document = (SELECT row FROM documents WHERE source = ?)", (source,)
        ).fetchall()
        remove_words(self._connection, (row["row"] for row in rows))
        self._connection.execute("DELETE FROM documents WHERE source = ?", (source,))
        return [row["id"] for row in rows]

    def _insert(self, entry: Entry, now: str) -> None:
        document = self._connection.execute(
            "INSERT INTO documents (source, id, title, bytes, modified, recipe, ingested_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (entry.source, entry.id, entry.title, entry.bytes, entry.modified, entry.recipe, now),
        ).lastrowid
        for position, chunk in enumerate(entry.chunks):
            row = self._connection.execute(
                'INSERT INTO chunks (id, document, position, text, heading, start, "end", place)'
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    chunk.id,
                    document,
                    position,
                    chunk.text,
                    chunk.heading,
                    chunk.start,
                    chunk.end,
                    json.dumps([chunk.place.kind, chunk.place.start, chunk.place.end, chunk.place.line]),
                ),
            ).lastrowid
            assert row is not None
            add_words(self._connection, row, chunk.searchable)
