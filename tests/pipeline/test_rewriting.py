"""A model may say what a follow-up means; what it says otherwise is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ragchat.core.completion import Completion, Notice
from ragchat.core.usage import Usage
from ragchat.errors import GenerationError
from ragchat.pipeline.rewriting import INSTRUCTIONS, Rewriter
from tests.pipeline.passages import Scripted
from tests.pipeline.test_history import BREAD

if TYPE_CHECKING:
    from ragchat.core.completion import Piece

MEANT = "How hot is the oven for a loaf?"


def rewritten(*script: str | Piece | BaseException) -> str | None:
    return Rewriter(Scripted(*script)).rewrite("and how hot?", [BREAD]).question


def test_the_model_reads_the_conversation_and_the_question_alone() -> None:
    model = Scripted(MEANT)
    told = Rewriter(model).rewrite("and how hot?", [BREAD])
    assert told.question == MEANT
    assert told.completion is not None
    (prompt,) = model.prompts
    assert [(message.role, message.text) for message in prompt.messages] == [
        ("system", INSTRUCTIONS),
        ("user", "How long does it cool?"),
        ("assistant", "An hour (bread.md), on a rack (bread.md, rack.md)."),
        ("user", "Rewrite this question: and how hot?"),
    ]


@pytest.mark.parametrize(
    "said",
    [MEANT, f"  {MEANT}\n", f"“{MEANT}”", f"Question: {MEANT}", f"**Rewritten question:** {MEANT}", f"\n{MEANT}"],
)
def test_what_stands_around_the_question_is_taken_off(said: str) -> None:
    assert rewritten(said) == MEANT


@pytest.mark.parametrize(
    "script",
    [
        ("",),
        ("\n \n",),
        ("Sure! Here it is:\nHow hot?",),
        ("hot " * 200,),
        ("**",),
        (GenerationError("No.", failure="network"),),
        (Completion(MEANT, "scripted", "script", Usage(), "length"),),
        (Completion(MEANT, "scripted", "script", Usage(), "cut", "network"),),
    ],
)
def test_what_is_no_question_is_left_alone(script: tuple[str | Piece | BaseException, ...]) -> None:
    assert rewritten(*script) is None


@pytest.mark.parametrize("end", [MEANT, GenerationError("No.", failure="network")])
def test_what_a_person_should_be_told_is_kept_whatever_comes_of_it(end: str | BaseException) -> None:
    model = Scripted(Notice("80 % of the daily budget is spent."), end)
    assert Rewriter(model).rewrite("and how hot?", [BREAD]).notices == ("80 % of the daily budget is spent.",)


def test_an_interrupt_ends_the_wait() -> None:
    with pytest.raises(KeyboardInterrupt):
        rewritten("How hot", KeyboardInterrupt())
