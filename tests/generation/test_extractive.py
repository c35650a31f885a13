"""Answers without a model: literal, marked, and honest when there is none."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.core.completion import NOT_FOUND, Delta, Notice, Prompt
from ragchat.core.document import Chunk
from ragchat.core.passage import Passage
from ragchat.core.place import Place
from ragchat.generation.extractive import LABEL, NO_SENTENCE, ExtractiveGenerator
from tests.generation.prompts import read

if TYPE_CHECKING:
    from ragchat.core.completion import Completion


def passage(text: str, score: float = 0.5, heading: str = "") -> Passage:
    chunk = Chunk("0" * 32, "/docs/notes.md", text, 0, len(text), heading, Place.lines(1, 1))
    return Passage(chunk, 1, score, ("lexical",))


def answered(question: str, *passages: Passage) -> tuple[str, list[str], Completion]:
    return read(ExtractiveGenerator().stream(Prompt(question, (), passages, 0)))


def quotes(text: str) -> list[tuple[str, int]]:
    """The quotes with their marks, which must be all there is."""
    found = re.findall(r"“(.*?)” \[(\d+)\](?: |$)", text)
    assert text == " ".join(f"“{quote}” [{marker}]" for quote, marker in found)
    return [(quote, int(marker)) for quote, marker in found]


BREAD = passage("The oven is hot. The loaf cools for 45 minutes on a rack. Cloth keeps it soft.", 0.9)
RICE = passage("Rice is rinsed three times. It soaks for half an hour.", 0.2)


def test_the_best_sentence_is_quoted_with_its_mark_under_a_label() -> None:
    text, notices, completion = answered("How long does the loaf cool on the rack?", RICE, BREAD)
    assert quotes(text)[0] == ("The loaf cools for 45 minutes on a rack.", 2)
    assert notices == [LABEL]
    assert (completion.finish, completion.provider) == ("degraded", "extractive")
    assert completion.usage.cost == Decimal(0)


def test_at_most_a_short_paragraph_is_quoted() -> None:
    many = [passage(f"The loaf number {number} cools on the rack.") for number in range(20)]
    assert 1 <= len(quotes(answered("Which loaf cools on the rack?", *many)[0])) <= 3


@pytest.mark.parametrize(
    ("question", "passages"),
    [
        ("Who won the football championship?", (BREAD, RICE)),
        ("How long does the loaf cool?", ()),
        ("", (BREAD,)),
        ("?!", (BREAD,)),
        ("How long does the loaf cool?", (passage("# The loaf\n\n| loaf | cool |"),)),
    ],
)
def test_what_the_passages_do_not_say_is_answered_so(question: str, passages: tuple[Passage, ...]) -> None:
    text, notices, _ = answered(question, *passages)
    assert text == NOT_FOUND
    assert notices == [NO_SENTENCE]


@pytest.mark.parametrize(
    ("question", "figure"),
    [
        ("How hot is the oven for the loaf?", "The oven for the loaf is heated to 230 degrees."),
        ("How long is the oven on for the loaf?", "The oven for the loaf is on for two hours."),
        ("When is the oven lit for the loaf?", "The oven for the loaf is lit in the morning."),
    ],
)
def test_a_question_for_a_figure_is_answered_by_a_sentence_that_holds_one(question: str, figure: str) -> None:
    text, _, _ = answered(
        question, passage(f"The oven for the loaf is a joy. {figure} The oven for the loaf is old.")
    )
    assert quotes(text)[0][0] == figure


def test_the_same_sentence_is_quoted_once() -> None:
    twice = [passage("The loaf cools for an hour on the rack.", score) for score in (0.9, 0.8)]
    assert quotes(answered("How long does the loaf cool?", *twice)[0]) == [
        ("The loaf cools for an hour on the rack.", 1)
    ]


def test_markup_and_the_documents_own_references_are_left_out() -> None:
    text = "- The **loaf** cools for `45` minutes [12] on a\n  rack【3†source】."
    assert quotes(answered("How long does the loaf cool?", passage(text))[0]) == [
        ("The loaf cools for 45 minutes on a rack.", 1)
    ]


def test_a_long_sentence_is_shortened_at_a_word() -> None:
    sentence = "The loaf cools " + "very slowly indeed " * 60
    ((quote, _),) = quotes(answered("How does the loaf cool?", passage(sentence))[0])
    assert len(quote) <= 322
    assert quote.endswith(" …")
    assert sentence.startswith(quote.removesuffix("…"))


def test_it_streams_the_label_then_a_delta_for_each_sentence() -> None:
    pieces = list(ExtractiveGenerator().stream(Prompt("How does the loaf cool?", (), (BREAD, BREAD), 0)))
    assert isinstance(pieces[0], Notice)
    assert all(isinstance(piece, Delta) for piece in pieces[1:-1])


def test_nothing_leaves_this_machine() -> None:
    assert ExtractiveGenerator().destination is None


WORDS = st.sampled_from(
    ["the", "loaf", "cools", "for", "45", "minutes.", "rice", "soaks.", "«so»", "ü!", "\n\n", "\n- ", "**hot**"]
)


@given(st.lists(st.lists(WORDS, max_size=30).map(" ".join), max_size=4))
def test_every_quote_stands_in_the_passage_its_mark_names(texts: list[str]) -> None:
    text, _, _ = answered("How long does the loaf cool?", *map(passage, texts))
    if text != NOT_FOUND:
        for quote, marker in quotes(text):
            assert _bare(quote.removesuffix(" …")) in _bare(texts[marker - 1])


def _bare(text: str) -> str:
    return " ".join(re.sub(r"[*-]", " ", text).split())


def test_a_megabyte_of_question_is_answered() -> None:
    text, _, _ = answered("How long does the loaf cool? " * 40_000, BREAD, RICE)
    assert quotes(text)
