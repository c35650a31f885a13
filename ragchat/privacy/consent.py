"""Consent: may the passages of a collection go to another machine?"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

from ragchat.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

Policy: TypeAlias = Literal["allow", "ask", "never"]
Decision: TypeAlias = Literal["yes", "no", "once"]

CREATE_CONSENTS = """
CREATE TABLE consents (
    collection TEXT NOT NULL,
    destination TEXT NOT NULL,
    allowed INTEGER NOT NULL CHECK (allowed IN (0, 1)),
    at TEXT NOT NULL,
    PRIMARY KEY (collection, destination)
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Question:
    """May `provider`, at the host `destination`, read passages of `collection`?"""

    provider: str
    destination: str
    collection: str


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether a prompt may be sent, and, when not, why in one sentence."""

    allowed: bool
    reason: str = ""


_GRANTED = Permission(allowed=True)


class Consent:
    """Answers for one collection; a person's yes or no is kept, and outranks an absent person.

    `ask` puts the question to a person. It is None when none is there, and then the policy `ask` allows:
    whoever wrote the script configured the provider. `once` holds as long as this object.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        policy: Policy,
        collection: str,
        ask: Callable[[Question], Decision] | None,
    ) -> None:
        self._connection = connection
        self._policy = policy
        self._collection = collection
        self._ask = ask
        self._allowed_once: set[str] = set()

    def permits(self, provider: str, destination: str | None) -> Permission:
        """Whether `provider` may be used; asks if need be. Raises `StorageError`."""
        if destination is None or self._policy == "allow" or destination in self._allowed_once:
            return _GRANTED
        if self._policy == "never":
            return Permission(allowed=False, reason="Nothing may leave this machine (RAGCHAT_CLOUD=never).")
        allowed = self._remembered(destination)
        if allowed is None:
            allowed = self._asked(Question(provider, destination, self._collection))
        return _GRANTED if allowed else self._refused(destination)

    def _asked(self, question: Question) -> bool:
        if self._ask is None:
            return True
        decision = self._ask(question)
        if decision == "once":
            self._allowed_once.add(question.destination)
        else:
            self._remember(question.destination, allowed=decision == "yes")
        return decision != "no"

    def _refused(self, destination: str) -> Permission:
        return Permission(allowed=False, reason=f"You keep this collection from {destination}.")

    def _remembered(self, destination: str) -> bool | None:
        try:
            row = self._connection.execute(
                "SELECT allowed FROM consents WHERE collection = ? AND destination = ?",
                (self._collection, destination),
            ).fetchone()
        except sqlite3.Error as error:
            raise _unreadable(error) from error
        return None if row is None else bool(row[0])

    def _remember(self, destination: str, *, allowed: bool) -> None:
        try:
            self._connection.execute(
                "INSERT OR REPLACE INTO consents VALUES (?, ?, ?, ?)",
                (self._collection, destination, allowed, datetime.now(UTC).isoformat()),
            )
        except sqlite3.Error as error:
            raise _unreadable(error) from error


def _unreadable(error: sqlite3.Error) -> StorageError:
    return StorageError(
        f"The record of consents cannot be used: {error}.", "Check the disk and the file's permissions."
    )
