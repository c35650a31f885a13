"""The conversation, with keys from a pipe and with lines from a file."""

from __future__ import annotations

import os
import re
import signal
from contextlib import contextmanager
from dataclasses import replace
from io import StringIO
from threading import Event
from typing import TYPE_CHECKING, cast

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from ragchat.errors import Interrupted, NothingIndexed, UsageError
from ragchat.terminal.history import OwnerOnlyHistory
from ragchat.terminal.loading import require_person
from ragchat.terminal.preferences import Preferences
from ragchat.terminal.repl import Repl
from tests.terminal.screens import Screen, pipe, screen
from tests.terminal.scripted import Scripted, opened, session

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from prompt_toolkit.input import PipeInput

    from ragchat.conversation.session import Session
    from ragchat.pipeline.events import Event as AnswerEvent
    from ragchat.terminal.chat import Opened

_ENTER, _ALT_ENTER, _CTRL_C, _CTRL_D, _CTRL_R = "\r", "\x1b\r", "\x03", "\x04", "\x12"
_UP = "\x1b[A"


def _typed(keys: str, path: Path, open_session: Callable[[], Opened]) -> str:
    """What the screen was given, without styles and links, while `keys` were typed."""
    terminal, shown = screen()
    with _keyboard() as keyboard:
        keyboard.send_text(keys)
        Repl(replace(terminal, interactive=True), open_session, version="0.1.0", history_file=path).run()
    return re.sub(r"\x1b\[[\d;]*m|\x1b\]8;.*?\x1b\\", "", shown.getvalue())


@contextmanager
def _keyboard() -> Iterator[PipeInput]:
    with create_pipe_input() as keyboard, create_app_session(input=keyboard, output=DummyOutput()):
        yield keyboard


def _opening(scripted: Scripted) -> Callable[[], Opened]:
    return lambda: opened(session(scripted))


def test_questions_are_answered_until_ctrl_d_and_the_summary_is_said(tmp_path: Path) -> None:
    scripted = Scripted(["Wrap it."])
    shown = _typed(f"How long?{_ENTER}And rye?{_ENTER}{_CTRL_D}", tmp_path / "h", _opening(scripted))
    assert scripted.questions == ["How long?", "And rye?"]
    assert shown.startswith("ragchat 0.1.0 · /help")
    assert shown.count("Wrap it.") == 2
    assert "2 questions · answered by groq" in shown


@pytest.mark.parametrize("keys", ["/quit\r", "/q\r", _CTRL_D, _CTRL_C * 2])
def test_there_are_several_ways_to_leave(keys: str, tmp_path: Path) -> None:
    assert "question" not in _typed(keys, tmp_path / "h", _opening(Scripted(["x"])))


def test_ctrl_c_clears_what_was_typed_and_the_arrow_brings_it_back(tmp_path: Path) -> None:
    scripted = Scripted(["x"])
    _typed(f"half a question{_CTRL_C}whole{_ENTER}{_CTRL_D}", tmp_path / "h", _opening(scripted))
    _typed(f"{_UP}{_UP}{_ENTER}{_CTRL_D}", tmp_path / "h", _opening(scripted))
    assert scripted.questions == ["whole", "half a question"]


def test_ctrl_c_leaves_the_search_of_the_history(tmp_path: Path) -> None:
    scripted = Scripted(["x"])
    _typed(f"How long?{_ENTER}{_CTRL_R}long{_CTRL_C}And rye?{_ENTER}{_CTRL_D}", tmp_path / "h", _opening(scripted))
    assert scripted.questions == ["How long?", "And rye?"]


def test_something_typed_between_two_ctrl_c_stays(tmp_path: Path) -> None:
    scripted = Scripted(["x"])
    _typed(f"{_CTRL_C}a{_CTRL_C}{_CTRL_C}b{_ENTER}{_CTRL_D}", tmp_path / "h", _opening(scripted))
    assert scripted.questions == ["b"]


def test_alt_enter_and_pasted_lines_make_one_question(tmp_path: Path) -> None:
    scripted = Scripted(["x"])
    pasted = "\x1b[200~" + "\n".join(f"line {number}" for number in range(200)) + "\x1b[201~"
    _typed(f"one{_ALT_ENTER}two{_ENTER}{pasted}{_ENTER}{_CTRL_D}", tmp_path / "h", _opening(scripted))
    assert scripted.questions == ["one\ntwo", "\n".join(f"line {number}" for number in range(200))]


def test_an_empty_line_is_no_question(tmp_path: Path) -> None:
    scripted = Scripted(["x"])
    _typed(f"{_ENTER} {_ENTER}{_CTRL_C}{_CTRL_D}", tmp_path / "h", _opening(scripted))
    assert scripted.questions == []


def test_history_outlives_the_conversation(tmp_path: Path) -> None:
    scripted = Scripted(["x"])
    _typed(f"How long?{_ENTER}{_CTRL_D}", tmp_path / "h", _opening(scripted))
    _typed(f"{_UP}{_ENTER}{_CTRL_D}", tmp_path / "h", _opening(scripted))
    assert scripted.questions == ["How long?"] * 2


def test_commands_act_on_the_conversation(tmp_path: Path) -> None:
    keys = "/sources\rHow long?\r/sources\r/help\r/clear\r/sources\r/sorces\r/quit\r"
    shown = _typed(keys, tmp_path / "h", _opening(Scripted(["x"])))
    before, _, rest = shown.partition("[1]")
    assert "error: There is no answer yet." in before
    assert "1. data/food/guides/bread.md:41-42  .86 dense + lexical · cited" in rest
    assert re.search("/sources +the passages behind the last answer, in full", rest)
    assert shown.count("error: There is no answer yet.") == 2
    assert "hint: Did you mean /sources?" in shown
    assert "1 question ·" in shown


class _Watched(Screen):
    """Tells when a question is kept waiting for the session."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = Event()

    def write(self, text: str, /) -> int:
        if "getting ready…" in text:
            self.waiting.set()
        return super().write(text)


def test_a_question_can_be_typed_before_the_session_is_ready(tmp_path: Path) -> None:
    terminal, _ = screen()
    shown = _Watched()
    terminal.out.file = shown

    def open_late() -> Opened:
        assert shown.waiting.wait(30)
        return opened(session(Scripted(["Wrap it."])))

    with _keyboard() as keyboard:
        keyboard.send_text(f"How long?{_ENTER}{_CTRL_D}")
        Repl(replace(terminal, interactive=True), open_late, version="0.1.0", history_file=tmp_path / "h").run()
    assert "Wrap it." in shown.getvalue()


def test_what_needs_a_person_is_begun_again_in_the_foreground(tmp_path: Path) -> None:
    scripted = Scripted(["Wrap it."])
    terminal, shown = screen()
    begun: list[Preferences] = []

    def begin() -> Preferences:
        require_person()
        terminal.out.print("May I?")
        begun.append(Preferences(tmp_path / "h"))
        return begun[-1]

    with _keyboard() as keyboard:
        keyboard.send_text(f"How long?{_ENTER}{_CTRL_D}")
        Repl(replace(terminal, interactive=True), _opening(scripted), version="0.1.0", begin=begin).run()
    assert len(begun) == 1
    assert shown.getvalue().index("May I?") < shown.getvalue().index("Wrap it.")
    assert scripted.questions == ["How long?"]
    assert OwnerOnlyHistory(tmp_path / "h").load_history_strings() == ["How long?"]


def test_what_begin_raises_in_the_foreground_ends_the_conversation() -> None:
    terminal, shown = screen()
    calls = []

    def begin() -> Preferences:
        calls.append("begin")
        raise UsageError("There is no collection called x.")

    with _keyboard() as keyboard, pytest.raises(UsageError):
        keyboard.send_text("How lo")
        Repl(replace(terminal, interactive=True), _opening(Scripted([])), version="0.1.0", begin=begin).run()
    assert len(calls) == 2
    assert "There is no collection" not in shown.getvalue()


def test_lines_of_a_file_wait_for_begin_in_the_foreground() -> None:
    terminal, out, _ = pipe("How long?\n")

    def begin() -> Preferences:
        require_person()
        raise UsageError("There is no collection called x.")

    with pytest.raises(UsageError):
        Repl(terminal, _opening(Scripted([])), version="0.1.0", begin=begin).run()
    assert out.getvalue() == ""


def test_a_failed_question_is_offered_again(tmp_path: Path) -> None:
    scripted = Scripted(["x"])
    shown = _typed(f"please fail{_ENTER} not{_ENTER}{_CTRL_C}{_CTRL_D}", tmp_path / "h", _opening(scripted))
    assert scripted.questions == ["please fail", "please fail not"]
    assert shown.count("error: groq refused the key.\nhint: Check GROQ_API_KEY.") == 2


def test_a_session_that_cannot_be_opened_is_tried_again_with_the_next_question(tmp_path: Path) -> None:
    scripted = Scripted(["Wrap it."])
    tries = iter([NothingIndexed("Nothing is indexed.", "Ingest a folder."), None])

    def open_session() -> Opened:
        if failure := next(tries):
            raise failure
        return opened(session(scripted))

    shown = _typed(f"How long?{_ENTER}{_ENTER}{_CTRL_D}", tmp_path / "h", open_session)
    assert "error: Nothing is indexed.\nhint: Ingest a folder." in shown
    assert scripted.questions == ["How long?"]
    assert "Wrap it." in shown


def test_history_that_cannot_be_kept_is_told_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    shown = _typed(f"How long?{_ENTER}{_CTRL_D}", tmp_path / "file/h", _opening(Scripted(["Wrap it."])))
    assert "What you type is not kept" in shown
    assert "Wrap it." in shown


def test_lines_from_a_file_are_answered_and_the_end_is_clean(tmp_path: Path) -> None:
    scripted = Scripted(["Wrap it."])
    terminal, out, err = pipe("How long?\n\n  \n/sources\nplease fail\nAnd \x1b[31mrye?")
    Repl(terminal, _opening(scripted), version="0.1.0", history_file=tmp_path / "h").run()
    assert scripted.questions == ["How long?", "please fail", "And rye?"]
    assert out.getvalue().startswith("> How long?\nWrap it.\n\n[1] data/food/guides/bread.md:42  .86  Baking")
    assert "\n> /sources\n1. data/food/guides/bread.md:41-42" in out.getvalue()
    assert "\x1b" not in out.getvalue() + err.getvalue()
    assert "error: groq refused the key.\n" in err.getvalue()
    farewell = err.getvalue().splitlines()[-1]
    assert farewell.startswith(
        "3 questions · answered by groq · 67 % success · 1 failed · 2,408 + 174 tokens · $0.0002"
    )
    assert not (tmp_path / "h").exists()


def test_lines_end_at_quit(tmp_path: Path) -> None:
    scripted = Scripted(["x"])
    terminal, _, _ = pipe("/quit\nHow long?\n")
    Repl(terminal, _opening(scripted), version="0.1.0", history_file=tmp_path / "h").run()
    assert scripted.questions == []


def test_an_empty_file_needs_no_session(tmp_path: Path) -> None:
    def open_session() -> Opened:
        raise NothingIndexed("Nothing is indexed.")

    terminal, out, err = pipe("\n")
    Repl(terminal, open_session, version="0.1.0", history_file=tmp_path / "h").run()
    assert out.getvalue() + err.getvalue() == ""


def test_lines_without_a_session_are_the_callers_error(tmp_path: Path) -> None:
    def open_session() -> Opened:
        raise NothingIndexed("Nothing is indexed.")

    terminal, _, _ = pipe("How long?\n")
    with pytest.raises(NothingIndexed):
        Repl(terminal, open_session, version="0.1.0", history_file=tmp_path / "h").run()


def test_ctrl_c_ends_a_file_of_questions(tmp_path: Path) -> None:
    scripted = Scripted(["Wrap it."])
    terminal, _, err = pipe("How long?\nAnd rye?\n")

    class Interrupting(StringIO):
        def write(self, text: str, /) -> int:
            if "Wrap" in text:
                os.kill(os.getpid(), signal.SIGINT)
            return super().write(text)

    terminal.out.file = Interrupting()
    repl = Repl(
        terminal,
        lambda: opened(cast("Session", _Direct(scripted))),
        version="0.1.0",
        history_file=tmp_path / "h",
    )
    with pytest.raises(Interrupted):
        repl.run()
    assert scripted.questions == ["How long?"]
    assert "1 question ·" in err.getvalue()


class _Direct:
    """A session without a memory."""

    def __init__(self, scripted: Scripted) -> None:
        self._scripted = scripted

    def ask(self, question: str) -> Generator[AnswerEvent, None, None]:
        return self._scripted.stream(question, ())
