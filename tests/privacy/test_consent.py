"""Who is asked, when, and what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ragchat.errors import StorageError
from ragchat.privacy.consent import Consent, Question

if TYPE_CHECKING:
    import sqlite3

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
    assert person.questions == [Question("groq", HOST, "notes")]


def test_a_refusal_names_what_stays_where(state: sqlite3.Connection) -> None:
    permission = Consent(state, "ask", "notes", Person("no")).permits("groq", HOST)
    assert permission.reason == "You keep this collection from api.groq.com."


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
