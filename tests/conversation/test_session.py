"""Turns are remembered, and what they took adds up."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from ragchat.conversation.session import Session, summarise
from ragchat.core.answer import Answer
from ragchat.core.completion import Completion, Delta
from ragchat.core.usage import Usage
from ragchat.embeddings.bundled import BundledEmbedder
from ragchat.errors import GenerationError
from ragchat.index.collection import Collection
from ragchat.index.ingest import ingest
from ragchat.index.retriever import Retriever
from ragchat.pipeline.answering import Answering, collect
from tests.pipeline.passages import Scripted

if TYPE_CHECKING:
    from pathlib import Path


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
        "It cools for 45 minutes [1].",
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


def _answer(provider: str, usage: Usage) -> Answer:
    return Answer("", Completion("", provider, "m", usage, "stop"), (), (), (), False, 0.0)


def test_a_summary_adds_up_what_is_known_and_counts_what_is_not() -> None:
    summary = summarise(
        [
            _answer("groq", Usage(prompt_tokens=100, completion_tokens=10, total_s=1.5, cost=Decimal("0.001"))),
            _answer("ollama", Usage(prompt_tokens=50, completion_tokens=None, total_s=2.0, cost=None)),
            _answer("groq", Usage(prompt_tokens=1, completion_tokens=2, total_s=0.5, cost=Decimal("0.002"))),
        ]
    )
    assert summary.questions == 3
    assert summary.providers == ("groq", "ollama")
    assert (summary.prompt_tokens, summary.completion_tokens) == (151, 12)
    assert (summary.cost, summary.unknown_costs) == (Decimal("0.003"), 1)
    assert summary.seconds == 4.0


def test_nothing_asked_costs_nothing() -> None:
    summary = summarise([])
    assert (summary.questions, summary.cost, summary.unknown_costs) == (0, Decimal(0), 0)
