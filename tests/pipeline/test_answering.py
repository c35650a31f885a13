"""The events of an answer, whole, interrupted or abandoned."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ragchat.core.answer import Turn
from ragchat.core.completion import NOT_FOUND, Delta, Notice, Shortened
from ragchat.embeddings.bundled import BundledEmbedder
from ragchat.errors import GenerationError, NothingIndexed
from ragchat.generation.extractive.generator import ExtractiveGenerator
from ragchat.index.collection import Collection
from ragchat.index.ingest import ingest
from ragchat.index.retriever import Retriever
from ragchat.pipeline.answering import Answering, collect
from ragchat.pipeline.events import Answered, Retrieved
from ragchat.pipeline.rewriting import Rewriter
from tests.documents.pdf_files import pdf, prose
from tests.pipeline.passages import Scripted

if TYPE_CHECKING:
    from pathlib import Path

    from ragchat.core.protocols import Generator

QUESTION = "How long does the loaf cool?"


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> Retriever:
    folder = tmp_path_factory.mktemp("answering")
    docs = folder / "docs"
    docs.mkdir()
    (docs / "bread.md").write_text("# Bread\n\nThe loaf cools for 45 minutes on a rack.\n")
    (docs / "rice.md").write_text("# Rice\n\nSoak the rice as long as the loaf rests.\n")
    collection, embedder = Collection(folder / "home"), BundledEmbedder()
    ingest(collection, embedder, [docs], max_bytes=10**6, never=folder / "home")
    return Retriever(collection, embedder)


def answering(retriever: Retriever, generator: Generator, context_tokens: int = 3000) -> Answering:
    """Two passages for each question."""
    return Answering(retriever, generator, top_k=2, context_tokens=context_tokens)


def test_what_is_quoted_as_it_stands_is_passed_on_so_to_its_last_bracket(retriever: Retriever) -> None:
    events = list(answering(retriever, ExtractiveGenerator()).stream(QUESTION))
    deltas = [event for event in events if isinstance(event, Delta)]
    assert "".join(delta.text for delta in deltas) == "“The loaf cools for 45 minutes on a rack.” [1]"
    assert all(delta.verbatim for delta in deltas)
    written = answering(retriever, Scripted("The loaf", " cools [1]", " [")).stream(QUESTION)
    assert not any(event.verbatim for event in written if isinstance(event, Delta))


def test_events_come_in_order_and_the_deltas_are_the_answer(retriever: Retriever) -> None:
    generator = Scripted(Notice("Slow today."), "The loaf cools", " for 45 minutes [", "1][", "9].")
    events = list(answering(retriever, generator).stream(QUESTION))
    retrieved, answered = events[0], events[-1]
    assert isinstance(retrieved, Retrieved)
    assert isinstance(answered, Answered)
    answer = answered.answer
    assert answer.text == "The loaf cools for 45 minutes [1]."
    assert "".join(event.text for event in events if isinstance(event, Delta)) == answer.text
    assert tuple(event.text for event in events if isinstance(event, Notice)) == answer.notices
    assert answer.notices == ("Slow today.", "A mark that led to no passage was removed.")
    assert answer.passages == retrieved.passages
    assert [citation.quote for citation in answer.citations] == ["The loaf cools for 45 minutes on a rack."]
    assert answer.citations[0].place.suffix() == ":3"
    assert answer.grounded
    assert answer.completion.finish == "stop"
    assert (answer.read, answer.unsupported) == (2, ())
    assert answer.search
    assert answer.search.question == QUESTION
    assert generator.closed


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["The loaf", " cools", " [1]", "[", "2]", " [9]", ". ", "90", "\n"]), max_size=10))
def test_whatever_is_written_the_deltas_joined_are_the_answer(retriever: Retriever, script: list[str]) -> None:
    events = list(answering(retriever, Scripted(*script)).stream(QUESTION))
    answer = collect(events)
    assert "".join(event.text for event in events if isinstance(event, Delta)) == answer.text
    assert [event.text for event in events if isinstance(event, Notice)] == list(answer.notices)
    assert all(citation.passage in answer.passages for citation in answer.citations)


def test_an_invention_is_told_and_not_grounded(retriever: Retriever) -> None:
    answer = collect(answering(retriever, Scripted("The loaf cools for 90 minutes [1].")).stream(QUESTION))
    assert not answer.grounded
    assert answer.notices == ("The passages do not bear out “The loaf cools for 90 minutes”.",)
    assert answer.unsupported == ("The loaf cools for 90 minutes.",)


@pytest.mark.parametrize("text", [NOT_FOUND, f"{NOT_FOUND} [1]", f" {NOT_FOUND}\n"])
def test_that_nothing_was_found_is_not_grounded(retriever: Retriever, text: str) -> None:
    answer = collect(answering(retriever, Scripted(text)).stream(QUESTION))
    assert not answer.grounded
    assert not answer.notices
    assert bool(answer.citations) == ("[1]" in text)


def test_an_answer_without_marks_is_not_grounded(retriever: Retriever) -> None:
    answer = collect(answering(retriever, Scripted("The loaf cools for 45 minutes.")).stream(QUESTION))
    assert not answer.grounded
    assert not answer.citations


def test_passages_that_do_not_fit_are_told_and_cannot_be_cited(retriever: Retriever) -> None:
    generator = Scripted("Soak it [2].")
    answer = collect(answering(retriever, generator, context_tokens=1).stream(QUESTION))
    assert len(generator.prompts[0].passages) == 1
    assert len(answer.passages) == 2
    assert answer.text == "Soak it."
    assert answer.notices[0] == "1 of 2 passages dropped to fit."


def test_passages_that_only_the_generator_drops_are_told_once_and_cannot_be_cited(retriever: Retriever) -> None:
    generator = Scripted(Shortened(2), Notice("Slow."), Shortened(1), "The loaf cools for 45 minutes [1]", "[2].")
    events = list(answering(retriever, generator).stream(QUESTION))
    answer = collect(events)
    assert len(generator.prompts[0].passages) == len(answer.passages) == 2
    assert answer.text == "The loaf cools for 45 minutes [1]."
    assert [citation.marker for citation in answer.citations] == [1]
    assert answer.read == 1
    assert answer.notices == (
        "Slow.",
        "1 of 2 passages dropped to fit.",
        "A mark that led to no passage was removed.",
    )
    told = events.index(Notice("1 of 2 passages dropped to fit."))
    assert told < next(number for number, event in enumerate(events) if isinstance(event, Delta))


def test_an_answer_is_judged_on_the_passages_that_were_read(retriever: Retriever) -> None:
    text = "Soak the rice as long as the loaf rests. The loaf cools on a rack [1]."
    assert collect(answering(retriever, Scripted(text)).stream(QUESTION)).grounded
    short = collect(answering(retriever, Scripted(Shortened(1), text)).stream(QUESTION))
    assert not short.grounded
    assert any("do not bear out “Soak the rice" in notice for notice in short.notices)


def test_passages_dropped_twice_are_told_as_one_number(retriever: Retriever) -> None:
    generator = Scripted(Shortened(1), "Soak it [2].")
    answer = collect(answering(retriever, generator, context_tokens=1).stream(QUESTION))
    assert answer.notices[0] == "1 of 2 passages dropped to fit."
    assert sum("dropped" in notice for notice in answer.notices) == 1


def test_one_who_takes_over_and_reads_all_may_cite_all(retriever: Retriever) -> None:
    generator = Scripted(Shortened(1), Shortened(2), "Soak the rice as long as the loaf rests [2].")
    answer = collect(answering(retriever, generator).stream(QUESTION))
    assert [citation.marker for citation in answer.citations] == [2]
    assert not answer.notices


def test_more_passages_than_there_are_cannot_be_cited(retriever: Retriever) -> None:
    generator = Scripted(Shortened(9), "Soak it [2].")
    answer = collect(answering(retriever, generator, context_tokens=1).stream(QUESTION))
    assert answer.text == "Soak it."


def test_dropped_passages_are_told_when_not_a_word_can_be_shown_at_once(retriever: Retriever) -> None:
    events = list(answering(retriever, Scripted(Shortened(1), "[1")).stream(QUESTION))
    assert events[1:3] == [Notice("1 of 2 passages dropped to fit."), Delta("[1")]
    nothing = collect(answering(retriever, Scripted(Shortened(1))).stream(QUESTION))
    assert nothing.notices == ("1 of 2 passages dropped to fit.",)


def test_an_interrupt_thrown_in_ends_with_what_had_arrived(retriever: Retriever) -> None:
    generator = Scripted("The loaf cools ", "for 45 minutes [1]", " and more.")
    events = answering(retriever, generator).stream(QUESTION)
    shown = ""
    for event in events:
        shown += event.text if isinstance(event, Delta) else ""
        if "cools" in shown:
            break
    rest = [events.throw(KeyboardInterrupt()), *events]
    answer = collect(rest)
    assert answer.completion.finish == "cut"
    assert answer.text == shown + "".join(event.text for event in rest if isinstance(event, Delta))
    assert answer.text.strip() == "The loaf cools"
    assert generator.closed


def test_an_interrupt_inside_the_generator_ends_with_what_had_arrived(retriever: Retriever) -> None:
    generator = Scripted("The loaf cools [1", KeyboardInterrupt(), "never")
    answer = collect(answering(retriever, generator).stream(QUESTION))
    assert answer.text == "The loaf cools [1"
    assert answer.completion.finish == "cut"


@pytest.mark.parametrize("first", [(), (Shortened(1),)])
def test_an_interrupt_at_any_event_after_the_first_word_keeps_the_answer(
    retriever: Retriever, first: tuple[Shortened, ...]
) -> None:
    script: tuple[str | Shortened, ...] = (*first, "The loaf cools for 90 minutes [1", "][9] [")
    whole = len(list(answering(retriever, Scripted(*script)).stream(QUESTION)))
    for number in range(2, whole):
        events = answering(retriever, Scripted(*script)).stream(QUESTION)
        before = [next(events) for _ in range(number)]
        after = [events.throw(KeyboardInterrupt()), *events]
        shown = "".join(event.text for event in before + after if isinstance(event, Delta))
        assert collect(after).text == shown
        assert shown.startswith("The loaf cools")
        assert sum("dropped" in notice for notice in collect(after).notices) == len(first)


def test_an_interrupt_before_the_generator_has_begun_is_raised_on(retriever: Retriever) -> None:
    generator = Scripted("never")
    events = answering(retriever, generator).stream(QUESTION)
    next(events)
    with pytest.raises(KeyboardInterrupt):
        events.throw(KeyboardInterrupt())
    assert not generator.prompts


def test_who_stops_listening_closes_the_generator(retriever: Retriever) -> None:
    generator = Scripted("one ", "two ", "three")
    events = answering(retriever, generator).stream(QUESTION)
    while not isinstance(next(events), Delta):
        pass
    assert not generator.closed
    events.close()
    assert generator.closed


def test_a_generator_that_fails_before_its_first_word_fails_the_answer(retriever: Retriever) -> None:
    generator = Scripted(GenerationError("It is down.", failure="server"))
    with pytest.raises(GenerationError):
        list(answering(retriever, generator).stream(QUESTION))


def test_an_empty_collection_fails_before_anybody_is_asked(tmp_path_factory: pytest.TempPathFactory) -> None:
    generator = Scripted("never")
    collection = Collection(tmp_path_factory.mktemp("empty"))
    with pytest.raises(NothingIndexed):
        list(answering(Retriever(collection, BundledEmbedder()), generator).stream(QUESTION))
    assert not generator.prompts


def test_without_a_model_the_answer_is_quoted_and_grounded(retriever: Retriever) -> None:
    answer = collect(answering(retriever, ExtractiveGenerator()).stream(QUESTION))
    assert answer.text.startswith("“The loaf cools for 45 minutes on a rack.” [1]")
    assert answer.grounded
    assert answer.completion.finish == "degraded"


def test_a_quoted_document_keeps_its_brackets_and_they_lead_nowhere(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "guide.md").write_text("Use argv[1] to read the name, see [12] and [1], in chapter argv[7].\n")
    (docs / "rice.md").write_text("Rice.\n")
    collection, embedder = Collection(tmp_path / "home"), BundledEmbedder()
    ingest(collection, embedder, [docs], max_bytes=10**6, never=tmp_path / "home")
    guide = Retriever(collection, embedder)
    answer = collect(answering(guide, ExtractiveGenerator()).stream("How do I read the name with argv?"))
    assert answer.text == "“Use argv[1] to read the name, see [12] and [1], in chapter argv[7].” [1]"
    assert [(one.marker, one.place.suffix()) for one in answer.citations] == [(1, ":1")]
    assert answer.grounded


def test_a_fact_is_cited_on_the_page_of_a_pdf_that_it_stands_on(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    facts = ("The loaf cools on a rack.", "Rice soaks for half an hour.")
    (docs / "facts.pdf").write_bytes(pdf(*(prose(fact, 700) for fact in facts)))
    collection, embedder = Collection(tmp_path / "home"), BundledEmbedder()
    ingest(collection, embedder, [docs], max_bytes=10**6, never=tmp_path / "home")
    generator = Scripted(" ".join(f"{fact} [1]" for fact in reversed(facts)))
    answer = collect(answering(Retriever(collection, embedder), generator).stream("How long does rice soak?"))
    assert [(one.quote, one.place.suffix()) for one in answer.citations] == [
        (fact, f" p. {page}") for page, fact in enumerate(facts, start=1)
    ]


def test_a_question_about_nothing_in_the_documents_is_answered_so(retriever: Retriever) -> None:
    answer = collect(answering(retriever, ExtractiveGenerator()).stream("zqxj vwkp grmbl?"))
    assert (answer.text, answer.citations, answer.passages, answer.grounded) == (NOT_FOUND, (), (), False)


def test_a_follow_up_is_searched_with_the_question_before_it_and_that_is_told(retriever: Retriever) -> None:
    asking = answering(retriever, ExtractiveGenerator())
    first = collect(asking.stream(QUESTION))
    turns = [Turn(QUESTION, first, datetime.now(UTC))]
    answer = collect(asking.stream("and on what?", turns))
    assert answer.notices[0] == f"Searched for: {QUESTION} and on what?"
    assert answer.passages[0].chunk.source.endswith("bread.md")
    assert "on a rack" in answer.text


def test_a_model_says_what_a_follow_up_means_and_what_that_took_is_kept(retriever: Retriever) -> None:
    model = Scripted("How long does rice soak?")
    asking = Answering(retriever, ExtractiveGenerator(), top_k=2, context_tokens=3000, rewriter=Rewriter(model))
    first = collect(asking.stream(QUESTION))
    assert (model.prompts, first.rewriting) == ([], None)
    answer = collect(asking.stream("and the rice?", [Turn(QUESTION, first, datetime.now(UTC))]))
    assert answer.notices[0] == "Searched for: How long does rice soak?"
    assert answer.passages[0].chunk.source.endswith("rice.md")
    assert answer.rewriting is not None
    assert answer.rewriting.text == "How long does rice soak?"


def test_what_a_rewriting_has_to_tell_is_told_once(retriever: Retriever) -> None:
    slow, spent = Notice("Groq: no text came; ollama answers instead."), Notice("80 % of the budget is spent.")
    model, generator = Scripted(slow, "How long does rice soak?", spent), Scripted(slow, "As the loaf rests [1].")
    asking = Answering(retriever, generator, top_k=2, context_tokens=3000, rewriter=Rewriter(model))
    turns = [Turn(QUESTION, collect(answering(retriever, generator).stream(QUESTION)), datetime.now(UTC))]
    notices = collect(asking.stream("and the rice?", turns)).notices
    assert notices == ("Searched for: How long does rice soak?", slow.text, spent.text)


def test_a_question_without_a_pronoun_is_not_rewritten(retriever: Retriever) -> None:
    model = Scripted("Something else?")
    asking = Answering(retriever, ExtractiveGenerator(), top_k=2, context_tokens=3000, rewriter=Rewriter(model))
    turns = [Turn(QUESTION, collect(asking.stream(QUESTION)), datetime.now(UTC))]
    assert collect(asking.stream("How long should soaked rice rest before cooking?", turns)).rewriting is None
    assert model.prompts == []


def test_rules_do_where_no_model_answers(retriever: Retriever) -> None:
    rewriter = Rewriter(Scripted(GenerationError("No.", failure="network")))
    asking = Answering(retriever, ExtractiveGenerator(), top_k=2, context_tokens=3000, rewriter=rewriter)
    turns = [Turn(QUESTION, collect(asking.stream(QUESTION)), datetime.now(UTC))]
    answer = collect(asking.stream("and on what?", turns))
    assert answer.notices[0] == f"Searched for: {QUESTION} and on what?"
    assert answer.rewriting is None
