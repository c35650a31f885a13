"""What a collection holds: documents, their chunks, and which segments have their words, in one SQLite file.

It is the truth. A segment counts when it is listed here; the vectors in ChromaDB follow, and as long as they may
not have, the manifest is `unsettled`.
"""

from __future__ import annotations

import json
import os.path
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ragchat.index.change import Change
from ragchat.index.damage import sound
from ragchat.index.schema import CHUNK_COLUMNS, MIGRATIONS, stored
from ragchat.index.segments import SegmentRecord
from ragchat.index.vocabulary import term_ids
from ragchat.storage.database import open_database, transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from ragchat.core.document import Chunk
    from ragchat.index.schema import StoredChunk


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A document as the manifest lists it: `modified` in ns since the epoch, `ingested_at` in UTC.

    `recipe` names the versions of what made its chunks and words. `digest` and `encoding` are as in `Prepared`.
    """

    row: int
    source: str
    id: str
    title: str
    chunks: int
    bytes: int
    modified: int
    recipe: str
    ingested_at: str
    digest: str
    encoding: str | None


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a search needs to know of one moment: the segments in order, and which rows in them are gone."""

    generation: int
    segments: tuple[SegmentRecord, ...]
    buried: NDArray[np.int64]


class Manifest:
    """The database `path`; raises `StorageError`, and `IndexDamaged` at whatever use finds it damaged."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with sound(path):
            self._connection = open_database(path, MIGRATIONS)
        self._file = path.stat()

    @property
    def connection(self) -> sqlite3.Connection:
        """For the terms, which live in the same file."""
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

    @property
    def folder(self) -> str | None:
        """The path that the collection is kept for; None when it is a person's own."""
        return self._property("folder")

    def keep_folder(self, path: str) -> None:
        """Note the path that the collection is kept for."""
        with self.change() as change:
            change.set_property("folder", path)

    @property
    def generation(self) -> int:
        """Goes up with every change."""
        return int(self._property("generation") or 0)

    @property
    def vectors_folder(self) -> str:
        """What the folder of the vectors is called; a rebuilt collection has another."""
        return self._property("vectors_folder") or "vectors"

    @property
    def is_outdated(self) -> bool:
        """Whether an older release wrote documents that this one cannot search."""
        return self._property("outdated") is not None

    @property
    def is_unsettled(self) -> bool:
        """Whether a writer may have left vectors behind that do not follow."""
        return self._property("unsettled") is not None

    def settle(self) -> None:
        """Note that the vectors follow."""
        with self.change() as change:
            change.forget_property("unsettled")

    def _property(self, name: str) -> str | None:
        rows = self._read("SELECT value FROM properties WHERE name = ?", name)
        return str(rows[0]["value"]) if rows else None

    # What it holds

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """What is read inside is of one moment."""
        with sound(self._path):
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("COMMIT")

    def inventory(self) -> Inventory:
        """The segments and what is buried in them, at one moment."""
        with self.snapshot():
            segments = self._read("SELECT name, chunks, checksum FROM segments ORDER BY row")
            buried = self._read("SELECT row FROM buried ORDER BY row")
            return Inventory(
                self.generation,
                tuple(SegmentRecord(*row) for row in segments),
                np.array([row["row"] for row in buried], np.int64),
            )

    def documents(self) -> list[DocumentRecord]:
        """All documents, by source."""
        rows = self._read(
            "SELECT d.*, (SELECT count(*) FROM chunks c WHERE c.document = d.row) AS chunks"
            " FROM documents d ORDER BY source"
        )
        names = DocumentRecord.__dataclass_fields__
        return [DocumentRecord(**{name: row[name] for name in names}) for row in rows]

    def recipes(self) -> list[str]:
        """The recipes by which the documents were made."""
        return [row["recipe"] for row in self._read("SELECT DISTINCT recipe FROM documents")]

    def counts(self) -> tuple[int, int]:
        """How many documents and chunks."""
        (row,) = self._read(
            "SELECT (SELECT count(*) FROM documents) AS documents, (SELECT count(*) FROM chunks) AS chunks"
        )
        return row["documents"], row["chunks"]

    @property
    def is_empty(self) -> bool:
        """Whether there is no document."""
        return not self._read("SELECT 1 FROM documents LIMIT 1")

    def chunks_of(self, source: str) -> list[Chunk]:
        """The chunks of one document in order; none when it is not there."""
        rows = self._read(f"SELECT {CHUNK_COLUMNS} WHERE d.source = ? ORDER BY c.position", source)
        return [stored(row).chunk for row in rows]

    def rows(self, ids: Iterable[str]) -> dict[str, int]:
        """The row of each chunk id that is there."""
        wanted = json.dumps(list(ids))
        found = self._read("SELECT id, row FROM chunks WHERE id IN (SELECT value FROM json_each(?))", wanted)
        return {row["id"]: row["row"] for row in found}

    def ids(self) -> dict[str, int]:
        """Id and row of each chunk."""
        return {row["id"]: row["row"] for row in self._read("SELECT id, row FROM chunks")}

    def documents_below(self, pattern: str) -> list[int]:
        """The rows of the documents whose source, or the end of it after a slash, matches a glob."""
        found = self._read("SELECT row FROM documents WHERE source GLOB ?1 OR source GLOB '*/' || ?1", pattern)
        return [row["row"] for row in found]

    def chunks(self, rows: Iterable[int]) -> dict[int, StoredChunk]:
        """The chunk of each row that is there."""
        wanted = json.dumps(list(rows))
        found = self._read(f"SELECT {CHUNK_COLUMNS} WHERE c.row IN (SELECT value FROM json_each(?))", wanted)
        return {row["row"]: stored(row) for row in found}

    def term_ids(self, terms: Iterable[str]) -> dict[str, int]:
        """The number of each of `terms` that has one."""
        with sound(self._path):
            return term_ids(self._connection, terms)

    def _read(self, query: str, *values: str) -> list[sqlite3.Row]:
        with sound(self._path):
            return self._connection.execute(query, values).fetchall()

    # How it changes

    @contextmanager
    def change(self) -> Iterator[Change]:
        """One transaction: all of it or nothing."""
        with sound(self._path), transaction(self._connection):
            yield Change(self._connection)

    def touch(self, source: str, size: int, modified: int) -> None:
        """Note what the file system says now of a file whose text has not changed."""
        with self.change():
            self._connection.execute(
                "UPDATE documents SET bytes = ?, modified = ? WHERE source = ?", (size, modified, source)
            )
