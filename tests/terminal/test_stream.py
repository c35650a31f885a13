"""Answers are shown while they arrive."""

from __future__ import annotations

import io
import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pyte
import pytest

from ragchat.core.completion import Delta, Notice
from ragchat.errors import GenerationError, Interrupted
from ragchat.pipeline.events import Answered, Event, Retrieved
from ragchat.terminal.console import terminal_of
from ragchat.terminal.stream import show
from tests.terminal.screens import Screen, pipe, screen
from tests.terminal.scripted import Scripted, answer, passage

if TYPE_CHECKING:
    from collections.abc import Generator

_SOURCE = "[1] data/food/guides/bread.md:42  .86"
_STATUS = "groq openai/gpt-oss-20b · 12 ms search · 0.31 s first token · 0.91 s\n1,204 + 87 tokens · $0.0001\n"


def _events(*words: str, notice: str = "") -> Generator[Event, None, None]:
    return Scripted(words, notice=notice).stream("How long?", ())


def _as_seen(shown: str, width: int = 80) -> str:
    """What stands on the screen in the end."""
    display = pyte.Screen(width, 24)
    pyte.Stream(display).feed(shown.replace("\n", "\r\n"))
    return "\n".join(line.rstrip() for line in display.display).rstrip() + "\n"


def test_a_screen_shows_the_wrapped_answer_its_sources_and_what_it_took() -> None:
    terminal, shown = screen(40)
    result = show(_events("Wrap it in paper, then", " in a cotton", " bag", " [1", "]."), terminal)
    assert result.answer.text == "Wrap it in paper, then in a cotton bag [1]."
    assert not result.interrupted
    assert _as_seen(shown.getvalue(), 40) == (
        "Wrap it in paper, then in a cotton bag\n[1].\n\n"
        f"{_SOURCE}\n"
        "groq openai/gpt-oss-20b · 12 ms search\n0.31 s first token · 0.91 s\n1,204 + 87 tokens · $0.0001\n"
    )


def test_what_is_awaited_is_said_and_leaves_no_trace() -> None:
    terminal, shown = screen()
    events = _events("Wrap it.")
    next(events)
    assert "searching…" not in shown.getvalue()

    def told() -> Generator[Event, None, None]:
        assert "searching…" in shown.getvalue()
        yield Retrieved((passage(1), passage(2)), 0.012)
        assert "2 passages found, waiting for the answer…" in shown.getvalue()
        yield from events

    show(told(), terminal)
    assert _as_seen(shown.getvalue()).startswith("Wrap it.\n")


def test_words_appear_before_the_answer_has_ended() -> None:
    terminal, shown = screen()

    def told() -> Generator[Event, None, None]:
        yield Delta("Wrap it in pa")
        assert _as_seen(shown.getvalue()) == "Wrap it in pa\n"
        yield Delta("per.")
        yield Answered(answer("Wrap it in paper."))

    show(told(), terminal)
    assert _as_seen(shown.getvalue()).startswith("Wrap it in paper.\n\n[1]")


def test_marks_have_their_own_style_even_when_they_arrive_in_pieces() -> None:
    terminal, shown = screen(colour=True)
    show(_events("Wrap it [", "1", "]."), terminal)
    address = passage(1).chunk.source
    assert re.search(rf"\x1b\]8;id=\d+;file://{address}\x1b\\\x1b\[1;36m\[1\]\x1b\[0m", shown.getvalue())


def test_a_bracket_in_a_quotation_is_not_coloured_as_a_mark() -> None:
    terminal, shown = screen(colour=True)
    show(_events("“Use argv[1] and see [2].” [1]."), terminal)
    assert shown.getvalue().partition("\n")[0].count("\x1b[1;36m[") == 1


def test_a_notice_stands_on_its_own_line() -> None:
    terminal, shown = screen()

    def told() -> Generator[Event, None, None]:
        yield Notice("groq is limited until 14:05; ollama answers.")
        yield Delta("Wrap it")
        yield Notice("The connection broke.\x1b[2J")
        yield Answered(answer("Wrap it", finish="cut"))

    show(told(), terminal)
    assert _as_seen(shown.getvalue()).startswith(
        "groq is limited until 14:05; ollama answers.\nWrap it\nThe connection broke.\n\n[1]"
    )


def test_a_pipe_gets_the_plain_answer_and_its_sources_and_nothing_else() -> None:
    terminal, out, err = pipe()

    def told() -> Generator[Event, None, None]:
        yield Notice("ollama answers.")
        yield Delta("Wra")
        assert out.getvalue() == "Wra"
        yield Delta("p it in paper, and " * 5 + "keep it [1].")
        yield Answered(answer("…"))

    show(told(), terminal)
    assert out.getvalue().startswith("Wrap it in paper, and p it in paper, and")
    assert out.getvalue().endswith(
        f"keep it [1].\n\n{_SOURCE}  Baking bread at home › Storing"
        "  “then in a cotton bag, away from the stove.”\n"
    )
    assert "\x1b" not in out.getvalue()
    assert err.getvalue() == (
        "ollama answers.\n"
        "groq openai/gpt-oss-20b · 12 ms search · 0.31 s first token · 0.91 s · 1,204 + 87 tokens · $0.0001\n"
    )


@pytest.mark.parametrize("width", [None, 80])
def test_no_escape_sequence_of_a_model_reaches_the_terminal(width: int | None) -> None:
    hostile = ("a\x1b", "]52;c;ZXZp", "bA==\x07b", "\x1b[2", "Jc\x9b2Jd\u202e")
    if width is None:
        terminal, out, _ = pipe()
        show(_events(*hostile), terminal)
        assert out.getvalue().startswith("abcd\n")
    else:
        terminal, shown = screen(width)
        show(_events(*hostile), terminal)
        assert _as_seen(shown.getvalue()).startswith("abcd\n")
        assert "\x1b]" not in shown.getvalue().partition("abcd")[0]


def test_what_is_quoted_as_it_stands_is_no_markdown() -> None:
    terminal, shown = screen(30)

    def told() -> Generator[Event, None, None]:
        yield Retrieved((passage(1),), 0.012)
        yield Delta("Keep it in *pa")
        yield Notice("The connection broke.")
        yield Delta("\n\n")
        yield Delta("“* x, # x, a | b, _x_\n\n\n- **paper**” [1]\n\n", verbatim=True)
        yield Answered(answer("…", cited=False))

    show(told(), terminal)
    assert _as_seen(shown.getvalue(), 30).startswith(
        "Keep it in *pa\nThe connection broke.\n\n“* x, # x, a | b, _x_\n\n\n- **paper**” [1]\ngroq"
    )
    assert "\x1b]8;" in shown.getvalue()


def test_a_pipe_gets_markdown_as_it_was_written() -> None:
    terminal, out, _ = pipe()
    show(_events("# Bread\n\n*Wrap* it.\n\n", "\n```\nx\n```"), terminal)
    assert out.getvalue().startswith("# Bread\n\n*Wrap* it.\n\n\n```\nx\n```\n\n[1]")


def test_a_terminal_that_cannot_move_its_cursor_gets_the_same_as_a_pipe() -> None:
    shown = Screen()
    environment = {"COLUMNS": "30", "TERM": "dumb"}
    terminal = terminal_of(io.StringIO(), shown, shown, environment=environment, directory=Path.cwd())
    show(_events("**Wrap** it in paper, then in a cotton bag", " [1]."), terminal)
    assert shown.getvalue().startswith("**Wrap** it in paper, then in a cotton bag [1].\n")
    assert "\x1b" not in shown.getvalue()


def test_without_colours_markdown_keeps_its_structure() -> None:
    terminal, shown = screen(30)
    show(_events("# Bread\n\n- *wrap* it\n\n```python\nreturn 1\n```"), terminal)
    assert _as_seen(shown.getvalue(), 30).startswith("Bread\n\n• wrap it\n\nreturn 1\n")
    assert "\x1b[1;4mBread\x1b[0m" in shown.getvalue()
    assert not re.search(r"\x1b\[[\d;]*3\dm", shown.getvalue())


class _Interrupting(Screen):
    """Presses Ctrl-C while a certain text is being written, so that the signal lands in our own code."""

    def write(self, text: str, /) -> int:
        if "paper" in text:
            os.kill(os.getpid(), signal.SIGINT)
        return super().write(text)


def test_ctrl_c_while_text_is_written_keeps_the_partial_answer_and_writes_nothing_twice() -> None:
    terminal, _ = screen()
    shown = _Interrupting()
    terminal.out.file = shown
    result = show(_events("Wrap it in paper ", "and wait.", " More."), terminal)
    assert result.interrupted
    assert result.answer.completion.finish == "cut"
    assert result.answer.text == "Wrap it in paper "
    assert _as_seen(shown.getvalue()).startswith("Wrap it in paper\n\n[1]")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_while_the_generator_works_keeps_the_partial_answer() -> None:
    terminal, shown = screen()

    def told() -> Generator[Event, None, None]:
        try:
            yield Delta("Wrap it ")
            os.kill(os.getpid(), signal.SIGINT)
            yield Delta("never")
        except KeyboardInterrupt:
            yield Answered(answer("Wrap it ", finish="cut"))

    assert show(told(), terminal).interrupted
    assert "never" not in shown.getvalue()
    assert "cut short" in shown.getvalue()


def test_a_second_ctrl_c_leaves() -> None:
    terminal, _ = screen()

    def stubborn() -> Generator[Event, None, None]:
        for _ in range(3):
            try:
                os.kill(os.getpid(), signal.SIGINT)
                yield Delta("never")
            except KeyboardInterrupt:
                yield Delta("still here")

    with pytest.raises(KeyboardInterrupt):
        show(stubborn(), terminal)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_before_an_answer_is_an_error_of_its_own() -> None:
    terminal, _ = screen()

    def told() -> Generator[Event, None, None]:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            yield Delta("never")
        except KeyboardInterrupt:
            return

    with pytest.raises(Interrupted):
        show(told(), terminal)


def test_a_failure_after_some_text_leaves_the_text_on_a_line_of_its_own() -> None:
    terminal, shown = screen()

    def told() -> Generator[Event, None, None]:
        yield Delta("Wrap it")
        raise GenerationError("groq broke off.", failure="network")

    with pytest.raises(GenerationError):
        show(told(), terminal)
    assert _as_seen(shown.getvalue()) == "Wrap it\n"
    assert shown.getvalue().endswith("\n")


def test_a_broken_pipe_is_left_to_the_caller() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as broken:
        terminal, _, _ = pipe()
        terminal.out.file = broken
        with pytest.raises(BrokenPipeError):
            show(_events("Wrap it."), terminal)
        os.dup2(os.open(os.devnull, os.O_WRONLY), broken.fileno())
