"""Whatever documents, models, servers and names say, only visible text and our own signs reach a terminal."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.text import Text

from ragchat.conversation.batch import Outcome
from ragchat.conversation.questions import AskedQuestion
from ragchat.core.completion import Delta, Notice
from ragchat.pipeline.events import Answered, Retrieved
from ragchat.privacy.consent import Question
from ragchat.terminal.batch import tell
from ragchat.terminal.consent import ask_consent
from ragchat.terminal.markdown.writing import MarkdownWriting
from ragchat.terminal.stream import show
from ragchat.terminal.verbatim import VerbatimWriting
from tests.terminal.escapes import text_of
from tests.terminal.hostile import SEQUENCES, TEXT, VIEWS, hostile_answer, hostile_passage
from tests.terminal.screens import pipe, screen

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from ragchat.pipeline.events import Event
    from ragchat.terminal.step import Writing

_ALL = "".join(f"a{sequence}b" for sequence in SEQUENCES)
_WIDTHS = st.sampled_from((None, 20, 40, 80))
_SIZES = st.lists(st.integers(min_value=1, max_value=9), min_size=1, max_size=5)


@pytest.mark.parametrize("name", VIEWS)
@given(TEXT, _WIDTHS)
@example(_ALL, 40)
@example(_ALL, None)
def test_a_view_is_visible_text(name: str, text: str, width: int | None) -> None:
    view = VIEWS[name](text, width)
    terminal, out, _ = pipe()
    terminal.out.print(view)
    text_of(out.getvalue())
    assert "\x1b" not in out.getvalue(), "no style and no link goes into a pipe"


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_says_markup_as_it_was_written(name: str) -> None:
    terminal, shown = screen(400, colour=True)
    terminal.out.print(VIEWS[name]("[red]x[/] :smile: [/nothing]", 400))
    assert "[red]x[/] :smile: [/nothing]" in text_of(shown.getvalue())


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.timeout(60)
def test_a_view_takes_a_line_of_a_megabyte(name: str) -> None:
    VIEWS[name]("loaf [1]\x1b[5;7m" * 66_667, 80)


@given(TEXT, _SIZES, st.booleans())
@example(_ALL, [1], False)
@example(_ALL, [1], True)
def test_an_answer_on_a_screen_is_visible_text_however_it_is_cut(
    text: str, sizes: list[int], verbatim: bool
) -> None:
    terminal, shown = screen(40, colour=True)
    show(_events(text, sizes, verbatim=verbatim), terminal)
    text_of(shown.getvalue())


@given(TEXT, _SIZES)
@example(_ALL, [1])
def test_an_answer_in_a_pipe_is_visible_text_however_it_is_cut(text: str, sizes: list[int]) -> None:
    terminal, out, err = pipe()
    show(_events(text, sizes, verbatim=False), terminal)
    for sent in (out.getvalue(), err.getvalue()):
        assert "\x1b" not in text_of(sent)


@given(TEXT)
@example(_ALL)
def test_the_questions_of_a_batch_are_visible_text(text: str) -> None:
    terminal, shown = screen(40, colour=True)
    tell(Outcome(AskedQuestion("1", text), answer=hostile_answer(text)), terminal)
    text_of(shown.getvalue())


@given(TEXT)
@example(_ALL)
def test_a_host_that_is_asked_about_is_visible_text(text: str) -> None:
    terminal, shown = screen(40, colour=True, typed="y\n")
    ask_consent(replace(terminal, interactive=True), Question(text, text, text, "answer"))
    text_of(shown.getvalue())


@pytest.mark.parametrize(
    "text",
    [
        "> " * 10_000 + "deep",
        "- " * 10_000 + "deep",
        "[" * 20_000 + "deep",
        "*_" * 20_000 + "deep",
        "|a" * 10_000 + "|\n" + "|-" * 10_000 + "|\n" + "|b" * 10_000 + "|\n",
        "`" * 100_000,
        "a" * 1_000_000,
        "漢" * 300_000,
        "```python\n" + "x = '" + "a" * 300_000,
    ],
    ids=["quotations", "lists", "brackets", "emphasis", "table", "ticks", "word", "wide", "code"],
)
@pytest.mark.timeout(60)
def test_an_answer_of_any_shape_comes_to_an_end(text: str) -> None:
    for writing in (MarkdownWriting(lambda _: None, screen(80)[0].out), VerbatimWriting(lambda _: None)):
        assert _letters(_written(writing, text)) == _letters(text)


def _written(writing: Writing, text: str) -> str:
    writing.feed(text)
    return Text("").join(writing.step(80, ended=True).settled).plain


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text.removeprefix("```python")))


def _events(text: str, sizes: Sequence[int], *, verbatim: bool) -> Generator[Event, None, None]:
    """An answer to which everybody contributes `text`, in pieces of these sizes, again and again."""
    yield Retrieved((hostile_passage(text),), 0.012)
    yield Notice(text)
    at = number = 0
    while at < len(text):
        size = sizes[number % len(sizes)]
        yield Delta(text[at : at + size], verbatim=verbatim)
        at, number = at + size, number + 1
    yield Answered(hostile_answer(text))
