"""Who is asked, when, and what is kept."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ragchat.assembly.state import open_state
from ragchat.errors import StorageError
from ragchat.privacy.consent import CREATE_CONSENTS, Consent, Question
from ragchat.storage.database import open_database
from ragchat.usage.ledger import CREATE_ATTEMPTS

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from ragchat.privacy.consent import Decision, Policy

HOST = "api.groq.com"


class Person:
    """Gives the decisions in turn, and remembers the questions."""

    def __init__(self, *decisions: Decision) -> None:
        self.decisions = list(decisions)
        self.questions: list[Question] = []

    def __call__(self, question: Question) -> Decision:
        self.questions.append(question)
        return self.decisions.pop(0)


@pytest.mark.parametrize("policy", ["allow", "ask", "never"])
def test_what_stays_here_needs_no_consent(state: sqlite3.Connection, policy: Policy) -> None:
    assert Consent(state, policy, "notes", Person()).permits("ollama", None).allowed


def test_allow_asks_nobody(state: sqlite3.Connection) -> None:
    assert Consent(state, "allow", "notes", Person()).permits("groq", HOST).allowed


def test_never_asks_nobody_and_says_why(state: sqlite3.Connection) -> None:
    permission = Consent(state, "never", "notes", Person()).permits("groq", HOST)
    assert not permission.allowed
    assert "RAGCHAT_CLOUD=never" in permission.reason


@pytest.mark.parametrize(("decision", "allowed"), [("yes", True), ("no", False)])
def test_a_decision_is_asked_for_once_and_kept(
    state: sqlite3.Connection, decision: Decision, allowed: bool
) -> None:
    person = Person(decision)
    for _ in range(2):
        permission = Consent(state, "ask", "notes", person).permits("groq", HOST)
        assert permission.allowed is allowed
    assert person.questions == [Question("groq", HOST, "notes", "answer")]


def test_not_now_is_a_no_that_nobody_keeps(state: sqlite3.Connection) -> None:
    person = Person("later", "yes")
    today = Consent(state, "ask", "notes", person)
    assert [today.permits("groq", HOST).allowed for _ in range(2)] == [False, False]
    assert Consent(state, "ask", "notes", person).permits("groq", HOST).allowed


def test_a_refusal_names_what_stays_where(state: sqlite3.Connection) -> None:
    permission = Consent(state, "ask", "notes", Person("no")).permits("groq", HOST)
    assert permission.reason == "You keep this collection from api.groq.com: RAGCHAT_CLOUD=allow sends it."


def test_once_is_forgotten_with_the_session(state: sqlite3.Connection) -> None:
    person = Person("once", "no")
    session = Consent(state, "ask", "notes", person)
    assert session.permits("groq", HOST).allowed
    assert session.permits("groq", HOST).allowed
    assert not Consent(state, "ask", "notes", person).permits("groq", HOST).allowed
    assert len(person.questions) == 2


def test_each_collection_and_each_destination_has_its_own_answer(state: sqlite3.Connection) -> None:
    person = Person("yes", "no", "no")
    assert Consent(state, "ask", "notes", person).permits("groq", HOST).allowed
    assert not Consent(state, "ask", "diary", person).permits("groq", HOST).allowed
    assert not Consent(state, "ask", "notes", person).permits("ollama", "ollama.com").allowed


def test_each_purpose_has_its_own_answer(state: sqlite3.Connection) -> None:
    person = Person("once", "no", "yes")
    consent = Consent(state, "ask", "notes", person)
    assert consent.permits("ollama", HOST).allowed
    assert not consent.permits("ollama", HOST, "documents").allowed
    assert Consent(state, "ask", "notes", person).permits("ollama", HOST).allowed
    assert [question.purpose for question in person.questions] == ["answer", "documents", "answer"]


def test_what_is_forgotten_is_asked_again_and_only_that(state: sqlite3.Connection) -> None:
    person = Person("yes", "once", "yes", "no", "no")
    notes, diary = (Consent(state, "ask", name, person) for name in ("notes", "diary"))
    assert notes.permits("groq", HOST).allowed
    assert notes.permits("ollama", HOST, "documents").allowed
    assert diary.permits("groq", HOST).allowed
    notes.forget()
    assert diary.permits("groq", HOST).allowed
    assert not notes.permits("groq", HOST).allowed
    assert not notes.permits("ollama", HOST, "documents").allowed


def test_decisions_from_before_purposes_were_told_apart_hold_and_allow_no_more(tmp_path: Path) -> None:
    file = tmp_path / "old.db"
    with closing(open_database(file, (CREATE_ATTEMPTS, CREATE_CONSENTS))) as old:
        old.execute("INSERT INTO consents VALUES ('notes', 'a', 1, ''), ('notes', 'b', 0, '')")
    person = Person("no")
    with closing(open_state(file)) as state:
        consent = Consent(state, "ask", "notes", person)
        assert consent.permits("groq", "a").allowed
        assert not consent.permits("groq", "b").allowed
        assert not consent.permits("ollama", "b", "documents").allowed
        assert person.questions == []
        assert not consent.permits("ollama", "a", "documents").allowed


def test_without_a_person_the_configured_provider_may_be_used(state: sqlite3.Connection) -> None:
    assert Consent(state, "ask", "notes", None).permits("groq", HOST).allowed
    person = Person("no")
    assert not Consent(state, "ask", "notes", person).permits("groq", HOST).allowed


def test_a_no_holds_when_the_person_has_left(state: sqlite3.Connection) -> None:
    Consent(state, "ask", "notes", Person("no")).permits("groq", HOST)
    assert not Consent(state, "ask", "notes", None).permits("groq", HOST).allowed


def test_a_decision_that_cannot_be_kept_is_an_error(state: sqlite3.Connection) -> None:
    state.execute("PRAGMA query_only = ON")
    with pytest.raises(StorageError):
        Consent(state, "ask", "notes", Person("yes")).permits("groq", HOST)
