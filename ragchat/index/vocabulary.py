"""The words and terms of a collection and their numbers, by which segments know them.

A term is the stem of words; one that is spelt like a word has the same number.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ragchat.index.words import WordFacts

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

SCHEMA = """
CREATE TABLE terms (term TEXT PRIMARY KEY, id INTEGER NOT NULL UNIQUE) WITHOUT ROWID
"""


def term_ids(connection: sqlite3.Connection, wanted: Iterable[str]) -> dict[str, int]:
    """The number of each of the terms `wanted` that has one; a term may have one and occur nowhere any more."""
    found = connection.execute(
        "SELECT term, id FROM terms WHERE term IN (SELECT value FROM json_each(?))", (json.dumps(list(wanted)),)
    )
    return dict(found.fetchall())


def all_terms(connection: sqlite3.Connection) -> dict[str, int]:
    """Every term with its number."""
    return dict(connection.execute("SELECT term, id FROM terms").fetchall())


class Lexicon:
    """Gives numbers to words and terms; they stand in the database when the transaction has ended well."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known = all_terms(connection)
        self._next = 1 + max(self._known.values(), default=0)
        self.facts = WordFacts()

    def numbers(self, terms: Sequence[str]) -> list[int]:
        """The number of each of `terms`; new ones get the next."""
        new = [term for term in dict.fromkeys(terms) if term not in self._known]
        added = list(zip(new, range(self._next, self._next + len(new)), strict=True))
        self._connection.executemany("INSERT INTO terms VALUES (?, ?)", added)
        self._known.update(added)
        self._next += len(new)
        return [self._known[term] for term in terms]
