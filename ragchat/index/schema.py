"""The tables of a manifest, and the chunks as they stand in them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragchat.core.document import Chunk
from ragchat.core.place import Place
from ragchat.index.vocabulary import SCHEMA as TERMS

if TYPE_CHECKING:
    import sqlite3

_DOCUMENTS = """
CREATE TABLE properties (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    row INTEGER PRIMARY KEY,
    source TEXT NOT NULL UNIQUE,
    id TEXT NOT NULL,
    title TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    recipe TEXT NOT NULL,
    ingested_at TEXT NOT NULL
);
CREATE TABLE chunks (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    document INTEGER NOT NULL REFERENCES documents (row) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    text TEXT NOT NULL,
    heading TEXT NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    place TEXT NOT NULL,
    UNIQUE (document, position)
);
CREATE TABLE pending (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5(
    terms, tokenize = "unicode61 remove_diacritics 0 categories 'L* N* M* Co'"
);
CREATE VIRTUAL TABLE vocabulary USING fts5vocab(words, row)
"""
# Words move from FTS5 into segments, beside the vectors. What was indexed before has none, and is made again.
_SEGMENTS = f"""
DROP TABLE vocabulary;
DROP TABLE words;
DROP TABLE pending;
CREATE TABLE segments (
    row INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    chunks INTEGER NOT NULL,
    checksum INTEGER NOT NULL
);
CREATE TABLE buried (row INTEGER PRIMARY KEY);
ALTER TABLE documents ADD COLUMN digest TEXT NOT NULL DEFAULT '';
ALTER TABLE documents ADD COLUMN signature BLOB NOT NULL DEFAULT x'';
ALTER TABLE documents ADD COLUMN encoding TEXT;
CREATE INDEX digests ON documents (digest);
INSERT INTO properties SELECT 'outdated', 'yes' WHERE EXISTS (SELECT 1 FROM chunks);
INSERT INTO properties SELECT 'last_row', ifnull(max(row), 0) FROM chunks;
{TERMS}"""

# Segments keep their vectors in two parts.
_LEADS = """
INSERT OR REPLACE INTO properties SELECT 'outdated', 'yes' WHERE EXISTS (SELECT 1 FROM chunks)
"""

MIGRATIONS = (_DOCUMENTS, _SEGMENTS, _LEADS)

CHUNK_COLUMNS = """
    c.row, c.position, c.text, c.heading, c.start, c."end", c.place, c.document, d.id AS document_id, d.source
    FROM chunks c JOIN documents d ON d.row = c.document
"""


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk with its row, and its position among the chunks of the document in row `document`."""

    row: int
    document: int
    position: int
    chunk: Chunk


def stored(row: sqlite3.Row) -> StoredChunk:
    """The chunk in a row of `CHUNK_COLUMNS`."""
    chunk = Chunk(
        document_id=row["document_id"],
        source=row["source"],
        text=row["text"],
        start=row["start"],
        end=row["end"],
        heading=row["heading"],
        place=Place(*json.loads(row["place"])),
    )
    return StoredChunk(row["row"], row["document"], row["position"], chunk)
