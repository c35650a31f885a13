"""How a manifest changes: what may be done inside one transaction."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from ragchat.index.prepare import Prepared
    from ragchat.index.segments import SegmentRecord


class Change:
    """An open transaction of a manifest."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def drop(self, sources: Iterable[str]) -> list[str]:
        """Take documents out; the ids of their chunks, whose vectors should go."""
        gone: list[str] = []
        for source in sources:
            rows = self._connection.execute(
                "SELECT row, id FROM chunks WHERE document = (SELECT row FROM documents WHERE source = ?)",
                (source,),
            ).fetchall()
            self._connection.executemany(
                "INSERT OR IGNORE INTO buried VALUES (?)", ((row["row"],) for row in rows)
            )
            self._connection.execute("DELETE FROM documents WHERE source = ?", (source,))
            gone += [row["id"] for row in rows]
        self._unsettle()
        return gone

    def insert(
        self, documents: Sequence[Prepared], ids: Sequence[str], recipe: str
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Put documents in, whose chunks have these `ids`.

        Returns `(chunks,)` rows in order, and `(chunks,)` rows of the documents they belong to.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        first = 1 + int(self._property("last_row") or 0)
        owners: list[int] = []
        rows: list[tuple[object, ...]] = []
        for document in documents:
            owner = self._insert_document(document, recipe, now)
            for position, chunk in enumerate(document.chunks):
                place = json.dumps([chunk.place.kind, chunk.place.start, chunk.place.end, chunk.place.line])
                span = (chunk.text, chunk.heading, chunk.start, chunk.end, place)
                rows.append((first + len(rows), ids[len(rows)], owner, position, *span))
            owners += [owner] * len(document.chunks)
        self._connection.executemany("INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        # A row is never used again: buried, it still stands in a segment.
        self.set_property("last_row", str(first + len(rows) - 1))
        self._unsettle()
        return np.arange(first, first + len(rows), dtype=np.int64), np.array(owners, np.int64)

    def add_segment(self, record: SegmentRecord) -> None:
        """List a segment behind the others."""
        self._connection.execute(
            "INSERT INTO segments (name, chunks, checksum) VALUES (?, ?, ?)",
            (record.name, record.chunks, record.checksum),
        )

    def list_segments(self, records: Iterable[SegmentRecord]) -> None:
        """Let `records` be all segments, in their order."""
        self._connection.execute("DELETE FROM segments")
        for record in records:
            self.add_segment(record)
        self.count()

    def exhume(self, rows: Iterable[int]) -> None:
        """Forget buried rows that stand in no segment any more."""
        self._connection.executemany("DELETE FROM buried WHERE row = ?", ((row,) for row in rows))

    def begin_anew(self, fingerprint: str) -> None:
        """Let an empty collection be of this embedder, whatever was in it before."""
        self.clear_words()
        self._connection.execute("DELETE FROM buried")
        self.set_property("embedder", fingerprint)
        self.count()

    def clear_words(self) -> None:
        """Forget all segments and terms: every document is about to be inserted again."""
        self._connection.execute("DELETE FROM segments")
        self._connection.execute("DELETE FROM terms")

    def drop_terms(self, numbers: Iterable[int]) -> None:
        """Forget terms that occur in no segment any more."""
        self._connection.executemany("DELETE FROM terms WHERE id = ?", ((number,) for number in numbers))

    def succeed(self, vectors_folder: str, fingerprint: str) -> None:
        """Let what was inserted since `clear_words`, with its vectors in `vectors_folder`, be the whole index."""
        self._connection.execute("DELETE FROM buried")
        self.set_property("vectors_folder", vectors_folder)
        self.set_property("embedder", fingerprint)
        self.forget_property("outdated")
        self.forget_property("unsettled")
        self.count()

    def set_property(self, name: str, value: str) -> None:
        """Note what holds of the whole collection."""
        self._connection.execute("INSERT OR REPLACE INTO properties VALUES (?, ?)", (name, value))

    def forget_property(self, name: str) -> None:
        """Note that it holds no more."""
        self._connection.execute("DELETE FROM properties WHERE name = ?", (name,))

    def count(self) -> None:
        """Go on to the next generation, by which readers see that there is something new."""
        self.set_property("generation", str(int(self._property("generation") or 0) + 1))

    def _insert_document(self, document: Prepared, recipe: str, now: str) -> int:
        names = "source, id, title, bytes, modified, recipe, ingested_at, digest, signature, encoding"
        facts = (document.source, document.id, document.title, document.size, document.modified, recipe, now)
        row = self._connection.execute(
            f"INSERT INTO documents ({names}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING row",
            (*facts, document.digest, document.signature, document.encoding),
        ).fetchone()
        return int(row[0])

    def _property(self, name: str) -> str | None:
        found = self._connection.execute("SELECT value FROM properties WHERE name = ?", (name,)).fetchone()
        return str(found["value"]) if found else None

    def _unsettle(self) -> None:
        self.set_property("unsettled", "yes")
        self.count()
