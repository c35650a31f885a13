"""Turns are remembered, and what they took adds up."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from ragchat.conversation.session import Session
from ragchat.conversation.store import Conversations, open_conversations
from ragchat.core.completion import Delta, Notice
from ragchat.embeddings.bundled import BundledEmbedder
from ragchat.errors import GenerationError, UsageError
from ragchat.index.collection import Collection
from ragchat.index.ingest import ingest
from ragchat.index.retriever import Retriever
from ragchat.pipeline.answering import Answering, collect
from tests.conversation.turns import keep, turn
from tests.pipeline.passages import Scripted

if TYPE_CHECKING:
    from collections import abc
    from collections.abc import Iterator
    from pathlib import Path

    from ragchat.core.completion import Piece, Prompt


@pytest.fixture
def retriever(tmp_path: Path) -> Retriever:
    (tmp_path / "bread.md").write_text("The loaf cools for 45 minutes on a rack.")
    collection, embedder = Collection(tmp_path / "home"), BundledEmbedder()
    ingest(collection, embedder, [tmp_path / "bread.md"], max_bytes=10**6, never=tmp_path / "home")
    return Retriever(collection, embedder)


def _session(retriever: Retriever, generator: Scripted) -> Session:
    return Session(Answering(retriever, generator, top_k=2, context_tokens=2000))


def test_the_next_question_is_asked_with_what_was_said_before(retriever: Retriever) -> None:
    generator = Scripted("It cools for 45 minutes [1].")
    session = _session(retriever, generator)
    for question in ("How long does the loaf cool?", "On what?"):
        list(session.ask(question))
    assert [message.text for message in generator.prompts[1].messages[1:3]] == [
        "How long does the loaf cool?",
        "It cools for 45 minutes (bread.md).",
    ]
    assert [turn.question for turn in session.turns] == ["How long does the loaf cool?", "On what?"]
    assert session.turns[0].at <= session.turns[1].at


def test_a_forgotten_conversation_starts_afresh(retriever: Retriever) -> None:
    generator = Scripted("It cools [1].")
    session = _session(retriever, generator)
    list(session.ask("How long does the loaf cool?"))
    session.clear()
    list(session.ask("On what?"))
    assert len(generator.prompts[1].messages) == 2
    assert [turn.question for turn in session.turns] == ["On what?"]


def test_who_takes_only_the_answer_has_the_turn_remembered(retriever: Retriever) -> None:
    session = _session(retriever, Scripted("It cools [1]."))
    answer = collect(session.ask("How long does the loaf cool?"))
    assert session.turns[0].answer == answer


def test_an_interrupt_reaches_the_generator_and_the_partial_answer_is_remembered(retriever: Retriever) -> None:
    generator = Scripted("It cools", " for 45 minutes [1].")
    session = _session(retriever, generator)
    events = session.ask("How long does the loaf cool?")
    while not isinstance(next(events), Delta):
        pass
    answer = collect([events.throw(KeyboardInterrupt()), *events])
    assert (answer.text, answer.completion.finish) == ("It cools", "cut")
    assert [turn.answer for turn in session.turns] == [answer]
    assert generator.closed


def test_who_stops_listening_closes_the_generator_and_no_turn_is_remembered(retriever: Retriever) -> None:
    generator = Scripted("It cools", " for 45 minutes [1].")
    session = _session(retriever, generator)
    events = session.ask("How long does the loaf cool?")
    while not isinstance(next(events), Delta):
        pass
    events.close()
    assert generator.closed
    assert session.turns == ()


def test_a_failed_question_leaves_no_turn(retriever: Retriever) -> None:
    session = _session(retriever, Scripted(GenerationError("It is down.", failure="server")))
    with pytest.raises(GenerationError):
        list(session.ask("How long does the loaf cool?"))
    assert session.turns == ()


@pytest.fixture
def conversations(tmp_path: Path) -> Iterator[Conversations]:
    with closing(open_conversations(tmp_path / "kept")) as conversations:
        yield conversations


class Changing(Scripted):
    """A generator that says the next thing each time; exceptions are raised."""

    def __init__(self, *replies: str | BaseException) -> None:
        super().__init__()
        self._replies = list(replies)

    def stream(self, prompt: Prompt) -> abc.Generator[Piece, None, None]:
        self._script = ("Well: ", self._replies.pop(0))
        return super().stream(prompt)


def _kept(retriever: Retriever, generator: Scripted, conversations: Conversations) -> Session:
    return Session(Answering(retriever, generator, top_k=2, context_tokens=2000), conversations, "default")


def test_a_session_is_gone_on_with_where_it_ended(retriever: Retriever, conversations: Conversations) -> None:
    generator = Scripted("It cools for 45 minutes [1].")
    first = _kept(retriever, generator, conversations)
    list(first.ask("How long does the loaf cool?"))
    second = _kept(retriever, generator, conversations)
    second.resume(first.id)
    assert (second.id, second.name, second.turns) == (first.id, "How long does the loaf cool?", first.turns)
    list(second.ask("On what?"))
    assert [message.text for message in generator.prompts[1].messages[1:3]] == [
        "How long does the loaf cool?",
        "It cools for 45 minutes (bread.md).",
    ]
    assert conversations.load(first.id) == second.turns


def test_a_session_about_another_collection_is_not_gone_on_with(
    retriever: Retriever, conversations: Conversations
) -> None:
    session = _kept(retriever, Scripted("It cools [1]."), conversations)
    other = keep(conversations.begin("secrets"), turn("Who?"))
    with pytest.raises(UsageError, match="about another collection, secrets") as refused:
        session.resume(other.id)
    assert refused.value.hint.endswith(f"ragchat chat --resume {other.id}")
    assert session.turns == ()


def test_who_asks_again_gets_a_new_answer_in_place_of_the_last(
    retriever: Retriever, conversations: Conversations
) -> None:
    entered: list[str] = []

    @contextmanager
    def afresh() -> Iterator[None]:
        entered.append("in")
        yield
        entered.append("out")

    generator = Changing("an hour [1].", "45 minutes [1].", GenerationError("Down.", failure="server"))
    answering = Answering(retriever, generator, top_k=2, context_tokens=2000)
    session = Session(answering, conversations, "default", afresh)
    with pytest.raises(UsageError, match="no question to ask again"):
        session.retry()
    list(session.ask("How long does the loaf cool?"))
    assert entered == []
    list(session.retry())
    assert entered == ["in", "out"]
    assert [one.answer.text for one in session.turns] == ["Well: 45 minutes [1]."]
    assert len(generator.prompts[1].messages) == 2, "the answer that is replaced was not said"
    assert conversations.load(session.id) == session.turns
    with pytest.raises(GenerationError):
        list(session.retry())
    assert [one.answer.text for one in session.turns] == ["Well: 45 minutes [1]."]
    assert conversations.load(session.id)[0] == session.turns[0]


def test_undo_takes_the_last_turn_away_from_the_store_too(
    retriever: Retriever, conversations: Conversations
) -> None:
    session = _kept(retriever, Scripted("It cools [1]."), conversations)
    assert session.undo() is None
    for question in ("How long does the loaf cool?", "On what?"):
        list(session.ask(question))
    undone = session.undo()
    assert undone is not None
    assert undone.question == "On what?"
    assert conversations.load(session.id) == session.turns
    session.undo()
    assert conversations.list() == ()
    list(session.ask("Once more?"))
    assert [(entry.name, entry.questions) for entry in conversations.list()] == [("Once more?", 1)]


def test_clear_begins_another_session_and_keeps_the_first(
    retriever: Retriever, conversations: Conversations
) -> None:
    session = _kept(retriever, Scripted("It cools [1]."), conversations)
    list(session.ask("How long does the loaf cool?"))
    session.rename("bread")
    session.clear()
    assert (session.turns, session.name) == ((), "")
    list(session.ask("On what?"))
    assert [entry.name for entry in conversations.list()] == ["On what?", "bread"]


def test_a_terminal_that_closes_in_mid_answer_costs_nothing_that_was_said(
    retriever: Retriever, conversations: Conversations
) -> None:
    session = _kept(retriever, Scripted("It cools", " for 45 minutes [1]."), conversations)
    events = session.ask("How long does the loaf cool?")
    while not isinstance(next(events), Delta):
        pass
    events.close()
    (cut,) = conversations.load(session.id)
    assert (cut.question, cut.answer.text) == ("How long does the loaf cool?", "It cools")


def test_a_failed_question_leaves_nothing_in_the_store(retriever: Retriever, conversations: Conversations) -> None:
    session = _kept(retriever, Scripted(GenerationError("It is down.", failure="server")), conversations)
    with pytest.raises(GenerationError):
        list(session.ask("How long does the loaf cool?"))
    assert conversations.list() == ()


def test_a_store_that_fails_costs_the_store_and_one_notice(
    retriever: Retriever, conversations: Conversations
) -> None:
    session = _kept(retriever, Scripted("It cools [1]."), conversations)
    list(session.ask("How long does the loaf cool?"))
    conversations.close()
    said = [[event for event in session.ask("On what?") if isinstance(event, Notice)] for _ in range(2)]
    assert [notice.text for notice in said[0]][-1].startswith("This session is not kept any more. ")
    assert not any("kept" in notice.text for notice in said[1])
    assert len(session.turns) == 3
    with pytest.raises(UsageError, match="has no name"):
        session.rename("bread")


def test_where_sessions_are_not_kept_there_is_none_to_rename_or_to_go_on_with(retriever: Retriever) -> None:
    session = _session(retriever, Scripted("It cools [1]."))
    assert (session.id, session.name) == ("", "")
    with pytest.raises(UsageError, match="Sessions are not kept"):
        session.rename("bread")
    with pytest.raises(UsageError, match="Sessions are not kept"):
        session.resume("bcdfg")
