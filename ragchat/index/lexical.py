"""The word index of a collection: BM25 over stemmed terms, in SQLite's FTS5.

It lives in the manifest's database, so that words and texts change in one transaction. The terms stand in the
order of the text, which the re-ranking reads.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from ragchat.language.terms import terms

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

SCHEMA = """
CREATE VIRTUAL TABLE words USING fts5(
    terms, tokenize = "unicode61 remove_diacritics 0 categories 'L* N* M* Co'"
);
CREATE VIRTUAL TABLE vocabulary USING fts5vocab(words, row)
"""


def add_words(connection: sqlite3.Connection, row: int, searchable: str) -> None:
    """Index `searchable` under the chunk's row."""
    connection.execute("INSERT INTO words (rowid, terms) VALUES (?, ?)", (row, " ".join(terms(searchable))))


def remove_words(connection: sqlite3.Connection, rows: Iterable[int]) -> None:
    """Forget the words of `rows`."""
    connection.executemany("DELETE FROM words WHERE rowid = ?", ((row,) for row in rows))


def best_rows(
    connection: sqlite3.Connection, wanted: Sequence[str], count: int, among: Iterable[int] | None = None
) -> dict[int, float]:
    """The rows of the `count` chunks with the highest BM25 for the terms `wanted`, best first.

    `among` are the rows that may be found; None allows all.
    """
    if not wanted:
        return {}
    query = " OR ".join(f'"{term}"' for term in wanted)
    allowed = "" if among is None else "AND rowid IN (SELECT value FROM json_each(?))"
    rows = () if among is None else (json.dumps(list(among)),)
    found = connection.execute(
        f"SELECT rowid, -rank AS score FROM words WHERE words MATCH ? {allowed} ORDER BY rank LIMIT ?",
        (query, *rows, count),
    )
    return {row["rowid"]: row["score"] for row in found}


def terms_of(connection: sqlite3.Connection, rows: Iterable[int]) -> dict[int, list[str]]:
    """The terms of each row that is there, in the order of the text."""
    found = connection.execute(
        "SELECT rowid, terms FROM words WHERE rowid IN (SELECT value FROM json_each(?))", (json.dumps(list(rows)),)
    )
    return {row["rowid"]: row["terms"].split() for row in found}


def rarity(connection: sqlite3.Connection, wanted: Sequence[str], chunks: int) -> dict[str, float]:
    """The inverse document frequency of each term that occurs, as in BM25 (Robertson and Zaragoza 2009, 3.4)."""
    weights: dict[str, float] = {}
    for term in wanted:
        found = connection.execute("SELECT doc FROM vocabulary WHERE term = ?", (term,)).fetchone()
        if found:
            weights[term] = math.log(1.0 + (chunks - found["doc"] + 0.5) / (found["doc"] + 0.5))
    return weights
