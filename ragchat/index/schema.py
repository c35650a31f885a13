"""The tables of a manifest, and the chunks as they stand in them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragchat.core.document import Chunk
from ragchat.core.place import Place
from ragchat.index.lexical import SCHEMA as WORDS_SCHEMA

if TYPE_CHECKING:
    import sqlite3

SCHEMA = f"""
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
{WORDS_SCHEMA}"""

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
