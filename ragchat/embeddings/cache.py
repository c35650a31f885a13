"""Vectors that were paid for are kept, and found again by the text they were made of.

The file holds vectors and hashes, no text. Removing a document leaves its vectors there until they are evicted or
`VectorCache.forget` is called; a vector tells something of its text to whoever has the model.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from ragchat.errors import StorageError
from ragchat.storage.database import open_database, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

CACHE_FILE = "embeddings.db"

# `used` is a day since the epoch: a finer one would make a write of every read.
_SCHEMA = """
CREATE TABLE vectors (
    row INTEGER PRIMARY KEY,
    name BLOB NOT NULL UNIQUE,
    embedder TEXT NOT NULL,
    used INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    vector BLOB NOT NULL
);
CREATE INDEX uses ON vectors (used)
"""
_DAY_S = 86_400
_LIMIT_BYTES = 2_000_000_000
# Evicted until so much of the limit is used, so many at a time: others may want to write in between.
_AFTER_EVICTION = 0.9
_EVICTED = 500
# Names in one question to SQLite.
_ASKED = 500


class VectorCache:
    """The file `path`, opened at first use; every method raises `StorageError`.

    Any number of processes may use it at once. Beyond `limit_bytes` the vectors that were not used for longest go.
    """

    def __init__(
        self, path: Path, *, limit_bytes: int = _LIMIT_BYTES, clock: Callable[[], float] = time.time
    ) -> None:
        self._path = path
        self._limit_bytes = limit_bytes
        self._clock = clock
        self._opened: sqlite3.Connection | None = None

    def vectors(self, fingerprint: str, texts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The vector, `(width,)`, of each of `texts` that is known of this embedder."""
        texts_by_name = {_name(fingerprint, text): text for text in texts}
        found: dict[str, NDArray[np.float32]] = {}
        old: list[bytes] = []
        with self._connection() as connection:
            for row in _rows(connection, list(texts_by_name)):
                # SQLite does not see a byte that has changed on the disk.
                if zlib.crc32(row["vector"]) == row["checksum"]:
                    found[texts_by_name[row["name"]]] = np.frombuffer(row["vector"], np.float32)
                    if row["used"] != self._today:
                        old.append(row["name"])
            if old:
                with transaction(connection):
                    connection.executemany(
                        "UPDATE vectors SET used = ? WHERE name = ?", ((self._today, name) for name in old)
                    )
        return found

    def keep(self, fingerprint: str, vectors: Mapping[str, NDArray[np.float32]]) -> None:
        """Keep the vector of each text."""
        rows: list[tuple[object, ...]] = []
        for text, vector in vectors.items():
            blob = vector.astype(np.float32).tobytes()
            rows.append((_name(fingerprint, text), fingerprint, self._today, zlib.crc32(blob), blob))
        columns = "name, embedder, used, checksum, vector"
        with self._connection() as connection:
            with transaction(connection):
                connection.executemany(f"INSERT OR REPLACE INTO vectors ({columns}) VALUES (?, ?, ?, ?, ?)", rows)
            if _bytes_used(connection) > self._limit_bytes:
                self._evict(connection)

    def forget(self, fingerprint: str | None = None) -> None:
        """Remove the vectors of one embedder, or all, and their traces in the file."""
        if not self._path.exists():
            return
        with self._connection() as connection:
            with transaction(connection):
                connection.execute("DELETE FROM vectors WHERE ?1 IS NULL OR embedder = ?1", (fingerprint,))
            connection.execute("VACUUM")
            # What was deleted stands in the log as it was.
            if connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                raise StorageError(
                    f"{self._path} is being read: its log cannot be emptied.", "Try again when that is done."
                )

    def close(self) -> None:
        """Let go of the file."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    @property
    def _today(self) -> int:
        return int(self._clock() // _DAY_S)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            if self._opened is None:
                self._opened = open_database(self._path, (_SCHEMA,))
                # Not to the disk each time: a power cut may cost some vectors, a killed process none.
                self._opened.execute("PRAGMA synchronous = NORMAL")
            yield self._opened
        except sqlite3.Error as error:
            raise StorageError(
                f"Cannot use {self._path}: {error}.", "If this lasts, remove it: it is only a cache."
            ) from error

    def _evict(self, connection: sqlite3.Connection) -> None:
        oldest = "SELECT row FROM vectors ORDER BY used, row LIMIT ?"
        while _bytes_used(connection) > _AFTER_EVICTION * self._limit_bytes:
            with transaction(connection):
                gone = connection.execute(f"DELETE FROM vectors WHERE row IN ({oldest})", (_EVICTED,))
            if not gone.rowcount:
                return


def _name(fingerprint: str, text: str) -> bytes:
    return hashlib.sha256(f"{fingerprint}\0{text}".encode("utf-8", "surrogatepass")).digest()


def _rows(connection: sqlite3.Connection, names: Sequence[bytes]) -> Iterator[sqlite3.Row]:
    for start in range(0, len(names), _ASKED):
        asked = names[start : start + _ASKED]
        marks = ", ".join("?" * len(asked))
        yield from connection.execute(
            f"SELECT name, used, checksum, vector FROM vectors WHERE name IN ({marks})", asked
        )


def _bytes_used(connection: sqlite3.Connection) -> int:
    pages, free, size = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size
