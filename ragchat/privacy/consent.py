"""Consent: may the passages of a collection go to another machine?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ragchat.storage.database import told

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

NEVER: Final = "Nothing may leave this machine (RAGCHAT_CLOUD=never)."

Policy: TypeAlias = Literal["allow", "ask", "never"]
Decision: TypeAlias = Literal["yes", "once", "later", "no"]
Purpose: TypeAlias = Literal["answer", "documents"]
"""To answer a question from its passages, or to embed every document."""

CREATE_CONSENTS = """
CREATE TABLE consents (
    collection TEXT NOT NULL,
    destination TEXT NOT NULL,
    allowed INTEGER NOT NULL CHECK (allowed IN (0, 1)),
    at TEXT NOT NULL,
    PRIMARY KEY (collection, destination)
) WITHOUT ROWID
"""

# What was asked before was about an answer; a no to that is a no to more.
TELL_PURPOSES_APART = """
CREATE TABLE consents_by_purpose (
    collection TEXT NOT NULL,
    destination TEXT NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('answer', 'documents')),
    allowed INTEGER NOT NULL CHECK (allowed IN (0, 1)),
    at TEXT NOT NULL,
    PRIMARY KEY (collection, destination, purpose)
) WITHOUT ROWID;
INSERT INTO consents_by_purpose SELECT collection, destination, 'answer', allowed, at FROM consents;
INSERT INTO consents_by_purpose SELECT collection, destination, 'documents', 0, at FROM consents WHERE allowed = 0;
DROP TABLE consents;
ALTER TABLE consents_by_purpose RENAME TO consents
"""


@dataclass(frozen=True, slots=True)
class Question:
    """May `provider`, at the host `destination`, read what `purpose` needs of `collection`?"""

    provider: str
    destination: str
    collection: str
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether a prompt may be sent, and, when not, why in one sentence."""

    allowed: bool
    reason: str = ""


_GRANTED = Permission(allowed=True)


class Consent:
    """Answers for one collection; a person's yes or no is kept, and outranks an absent person.

    `ask` puts the question to a person. It is None when none is there, and then the policy `ask` allows:
    whoever wrote the script configured the provider. `once` and `later`, which is a no, hold as long as
    this object.
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
        self._for_now: dict[tuple[str, Purpose], bool] = {}

    def permits(self, provider: str, destination: str | None, purpose: Purpose = "answer") -> Permission:
        """Whether `provider` may be used for `purpose`; asks if need be. Raises `StorageError`."""
        if destination is None or self._policy == "allow":
            return _GRANTED
        if self._policy == "never":
            return Permission(allowed=False, reason=NEVER)
        question = Question(provider, destination, self._collection, purpose)
        allowed = self._for_now.get((destination, purpose), self._remembered(question))
        if allowed is None:
            allowed = self._asked(question)
        return _GRANTED if allowed else self._refused(destination)

    def decided(self, question: Question) -> Decision:
        """What was decided for now, for who cannot ask: nothing was, so it is a no. Threads may share it."""
        return "once" if self._for_now.get((question.destination, question.purpose)) else "later"

    def forget(self) -> None:
        """Forget every decision about the collection, which is about to go. Raises `StorageError`."""
        self._for_now.clear()
        self._execute("DELETE FROM consents WHERE collection = ?", (self._collection,))

    def _asked(self, question: Question) -> bool:
        if self._ask is None:
            return True
        decision = self._ask(question)
        allowed = decision in ("yes", "once")
        if decision in ("once", "later"):
            self._for_now[question.destination, question.purpose] = allowed
        else:
            self._remember(question, allowed=allowed)
        return allowed

    def _refused(self, destination: str) -> Permission:
        return Permission(
            allowed=False, reason=f"You keep this collection from {destination}: RAGCHAT_CLOUD=allow sends it."
        )

    def _remembered(self, question: Question) -> bool | None:
        row = self._execute(
            "SELECT allowed FROM consents WHERE collection = ? AND destination = ? AND purpose = ?",
            (self._collection, question.destination, question.purpose),
        ).fetchone()
        return None if row is None else bool(row[0])

    def _remember(self, question: Question, *, allowed: bool) -> None:
        now = datetime.now(UTC).isoformat()
        self._execute(
            "INSERT OR REPLACE INTO consents VALUES (?, ?, ?, ?, ?)",
            (self._collection, question.destination, question.purpose, allowed, now),
        )

    def _execute(self, statement: str, values: tuple[object, ...]) -> sqlite3.Cursor:
        with told("The record of consents cannot be used"):
            return self._connection.execute(statement, values)
