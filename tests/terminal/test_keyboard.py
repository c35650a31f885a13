"""A real pseudo-terminal as the keyboard: what is typed ahead, and what answers a question."""

from __future__ import annotations

import os
import pty
import termios
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TextIO

import pytest

from ragchat.privacy.consent import Question
from ragchat.terminal.consent import ask_consent
from ragchat.terminal.keyboard import Keyboard
from tests.terminal.screens import Screen, screen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ragchat.privacy.consent import Decision, Purpose
    from ragchat.terminal.console import Terminal

_LOCAL_FLAGS = 3


@contextmanager
def _terminal() -> Iterator[tuple[int, TextIO]]:
    """The keys' end and the program's end."""
    keys, program = pty.openpty()
    with os.fdopen(program, encoding="utf-8", errors="replace") as stdin:
        yield keys, stdin
    os.close(keys)


def _echoes(stdin: TextIO) -> bool:
    return bool(termios.tcgetattr(stdin.fileno())[_LOCAL_FLAGS] & termios.ECHO)


def test_the_keyboard_is_silent_for_a_while_and_loses_nothing() -> None:
    with _terminal() as (keys, stdin):
        keyboard = Keyboard(stdin.fileno())
        with keyboard.silent():
            assert not _echoes(stdin)
            os.write(keys, b"typed \x04\n")
            os.set_blocking(stdin.fileno(), True)
            assert os.read(stdin.fileno(), 1) == b"t"
            assert keyboard.waiting()
        assert _echoes(stdin)
        assert keyboard.waiting()


def test_something_that_is_no_terminal_is_left_alone() -> None:
    terminal, _ = screen(typed="x")
    with terminal.keyboard.silent(), terminal.keyboard.answering():
        assert terminal.stdin.read() == "x"
    assert not terminal.keyboard.waiting()


class _Prompting(Screen):
    """Types an answer whenever it is asked for one."""

    def __init__(self, answer: Callable[[], object]) -> None:
        super().__init__()
        self._answer = answer

    def write(self, text: str, /) -> int:
        if "[n] never" in text:
            self._answer()
        return super().write(text)


def _consent(ahead: bytes, *answers: bytes, purpose: Purpose = "answer") -> tuple[Decision, Terminal, str]:
    with _terminal() as (keys, stdin):
        if ahead:
            os.write(keys, ahead)
        coming = iter(answers)
        shown = _Prompting(lambda: os.write(keys, next(coming)))
        terminal, _ = screen()
        terminal.err.file = shown
        terminal = replace(terminal, stdin=stdin, keyboard=Keyboard(stdin.fileno()), interactive=True)
        with terminal.keyboard.silent():
            decision = ask_consent(terminal, Question("groq", "api.groq.com", "food", purpose))
        return decision, terminal, shown.getvalue()


@pytest.mark.parametrize(
    ("typed", "decision"),
    [(b"y\n", "yes"), (b" Always\n", "yes"), (b"o\n", "once"), (b"n\n", "no"), (b"\n", "later")],
)
def test_consent_is_a_line_that_names_a_choice(typed: bytes, decision: Decision) -> None:
    assert _consent(b"", typed)[0] == decision


def test_consent_names_the_host_and_the_provider() -> None:
    assert "Send this question and the passages found to api.groq.com (groq)?" in _consent(b"", b"n\n")[2]


def test_consent_to_embed_says_that_every_document_goes() -> None:
    asked = " ".join(_consent(b"", b"n\n", purpose="documents")[2].split())
    assert "Send every document of this collection, and each question, to api.groq.com" in asked


def test_a_line_that_names_no_choice_is_asked_for_again() -> None:
    decision, _, shown = _consent(b"", b"maybe\n", b"o\n")
    assert decision == "once"
    assert shown.count("[n] never") == 2


def test_what_was_typed_before_is_no_consent_and_is_given_back() -> None:
    decision, terminal, _ = _consent(b"y\n", b"n\n")
    assert decision == "no"
    assert terminal.keyboard.put_aside() == "y\n"
    assert terminal.keyboard.put_aside() == ""


def test_the_end_of_input_decides_nothing() -> None:
    with pytest.raises(KeyboardInterrupt):
        _consent(b"", b"\x04")
