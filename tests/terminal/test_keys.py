"""What keys do at the prompt, in a real terminal."""

from __future__ import annotations

import shlex
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ragchat.terminal.history import OwnerOnlyHistory
from tests.terminal.window import Window, window

if TYPE_CHECKING:
    from collections.abc import Iterator

_READY = "food · 222 documents"
_BAR = "groq · openai"
_CTRL_C, _CTRL_D, _CTRL_E, _CTRL_L, _CTRL_R = "\x03", "\x04", "\x05", "\x0c", "\x12"
_CTRL_X, _ALT_ENTER, _ESCAPE, _UP, _RIGHT = "\x18", "\x1b\r", "\x1b", "\x1b[A", "\x1b[C"


@contextmanager
def _chat(
    folder: Path, columns: int = 80, rows: int = 24, *, editing: str = "emacs", lines: str = "", **variables: str
) -> Iterator[Window]:
    command = (sys.executable, "-m", "tests.terminal.scripted", str(folder / "history"), "0.001", editing, lines)
    with window(command, columns, rows, **variables) as chat:
        chat.shows(_READY if rows >= 8 and columns >= 40 else ">")
        yield chat


def _remember(folder: Path, *lines: str) -> None:
    history = OwnerOnlyHistory(folder / "history")
    for line in lines:
        history.append_string(line)


def _sent(folder: Path) -> list[str]:
    return OwnerOnlyHistory(folder / "history").load_history_strings()


def _answered(chat: Window) -> None:
    chat.until(lambda lines: any("1,204 + 87 tokens" in line for line in lines))


def test_a_suggestion_from_the_history_is_taken_with_the_right_arrow(tmp_path: Path) -> None:
    _remember(tmp_path, "how long does a loaf keep?")
    with _chat(tmp_path) as chat:
        chat.type("how")
        chat.shows("> how long does a loaf keep?")
        chat.type(f"{_RIGHT} why?\r")
        _answered(chat)
    assert _sent(tmp_path)[0] == "how long does a loaf keep? why?"


@pytest.mark.parametrize(("keys", "taken"), [(_CTRL_E, "how long is rye kept?"), (f"{_ESCAPE}f", "how long ")])
def test_a_suggestion_is_taken_whole_or_by_the_word(tmp_path: Path, keys: str, taken: str) -> None:
    _remember(tmp_path, "how long is rye kept?")
    with _chat(tmp_path) as chat:
        chat.type("how ")
        chat.shows("how long is")
        chat.type(f"{keys}x\r")
        _answered(chat)
    assert _sent(tmp_path)[0] == f"{taken}x"


def test_ctrl_r_finds_a_line_and_enter_only_takes_it(tmp_path: Path) -> None:
    _remember(tmp_path, "how long does rye keep?", "what is tahdig?")
    with _chat(tmp_path) as chat:
        chat.type(f"{_CTRL_R}rye")
        chat.shows("> how long does rye keep?")
        chat.type("\r")
        chat.hides("i-search")
        chat.type("!\r")
        _answered(chat)
    assert _sent(tmp_path)[0] in ("how long does rye keep?!", "how long does !rye keep?")


def test_alt_p_finds_what_begins_as_the_line_does(tmp_path: Path) -> None:
    _remember(tmp_path, "why rye?", "what is rye?", "why spelt?", "when?")
    with _chat(tmp_path) as chat:
        chat.type(f"why{_ESCAPE}p{_ESCAPE}p")
        chat.shows("> why rye?")
        chat.type(f"{_ESCAPE}n")
        chat.shows("> why spelt?")


def test_the_arrow_finds_what_another_chat_has_been_asked_since(tmp_path: Path) -> None:
    with _chat(tmp_path) as chat:
        _remember(tmp_path, "asked elsewhere")
        chat.type("here\r")
        _answered(chat)
        chat.until(lambda lines: _BAR in lines[-1])
        chat.type(_UP * 2)
        chat.shows("> asked elsewhere")


def test_arrows_move_inside_a_text_before_they_leave_it(tmp_path: Path) -> None:
    _remember(tmp_path, "older")
    with _chat(tmp_path) as chat:
        chat.type(f"one{_ALT_ENTER}two{_UP}")
        chat.type("X")
        chat.shows("> oneX")
        chat.type(_UP)
        chat.shows("> older")


def test_in_multi_line_mode_enter_starts_a_line_and_alt_enter_sends(tmp_path: Path) -> None:
    with _chat(tmp_path, lines="multiline") as chat:
        chat.shows("multi-line: Alt-Enter sends")
        chat.type("one\rtwo")
        chat.shows("  two")
        chat.type(_ALT_ENTER)
        _answered(chat)
    assert _sent(tmp_path)[0] == "one\ntwo"


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (40, 15)])
def test_two_hundred_pasted_lines_are_one_text_that_can_be_edited(tmp_path: Path, columns: int, rows: int) -> None:
    pasted = [f"line {number}" for number in range(200)]
    with _chat(tmp_path, columns, rows) as chat:
        chat.type("\x1b[200~" + "\r".join(pasted) + "\x1b[201~")
        chat.shows("  line 199")
        chat.until(lambda lines: lines[-1].startswith("groq"))
        chat.type(_UP * 30)
        chat.shows("line 169")
        chat.type("X")
        chat.shows("line 169X")
        chat.type("\r")
        _answered(chat)
    assert _sent(tmp_path)[0].split("\n") == [*pasted[:169], "line 169X", *pasted[170:]]


def _editor(folder: Path, script: str) -> str:
    file = folder / "editor.py"
    file.write_text(f"import os, sys\npath = sys.argv[1]\n{script}\n", "utf-8")
    return shlex.join([sys.executable, str(file)])


@pytest.mark.parametrize(("editing", "keys"), [("emacs", f"{_CTRL_X}{_CTRL_E}"), ("vi", f"{_ESCAPE}v")])
def test_the_editor_changes_the_text_and_sends_nothing(tmp_path: Path, editing: str, keys: str) -> None:
    seen = tmp_path / "seen"
    script = (
        "text = open(path).read()\n"
        f"open({str(seen)!r}, 'w').write(f'{{os.stat(path).st_mode & 0o77:o}} {{path}} {{text}}')\n"
        "open(path, 'w').write('edited\\x1b[31m\\nby hand\\n')\n"
    )
    with _chat(tmp_path, editing=editing, VISUAL=_editor(tmp_path, script), EDITOR="false") as chat:
        chat.type("half")
        chat.shows("> half")
        if editing == "vi":
            chat.type(_ESCAPE)
            chat.shows("vi: normal")
        chat.type(keys)
        chat.shows("  by hand")
        chat.until(lambda lines: _BAR in lines[-1])
        assert not any("tokens" in line for line in chat.lines())
        chat.type("\r")
        _answered(chat)
    _mode, path, text = seen.read_text("utf-8").split(" ")
    assert text == "half"
    assert not Path(path).parent.exists()
    assert _sent(tmp_path)[0] == "edited\nby hand"


@pytest.mark.parametrize(
    ("editor", "said"),
    [
        ("no-such-editor", "The editor no-such-editor cannot be used: No such file or directory."),
        ("false", "The editor false ended with status 1."),
        ("'", "The editor cannot be told from `'`"),
    ],
)
def test_an_editor_that_does_not_work_is_told_with_its_cure(tmp_path: Path, editor: str, said: str) -> None:
    with _chat(tmp_path, VISUAL=editor) as chat:
        chat.type("half")
        chat.shows("> half")
        chat.type(f"{_CTRL_X}{_CTRL_E}")
        chat.shows(said)
        chat.shows("hint: ")
        chat.until(lambda lines: _BAR in lines[-1])
        chat.type(" whole\r")
        _answered(chat)
    assert _sent(tmp_path)[0] == "half whole"


def test_vi_keys_work_and_the_mode_is_said(tmp_path: Path) -> None:
    with _chat(tmp_path, editing="vi") as chat:
        chat.shows("vi: insert")
        chat.type("one two")
        chat.type(_ESCAPE)
        chat.shows("vi: normal")
        chat.type("bdwA!")
        chat.shows("vi: insert")
        chat.type("\r")
        _answered(chat)
    assert _sent(tmp_path)[0] == "one !"


def test_ctrl_l_clears_the_screen_and_keeps_the_scrollback(tmp_path: Path) -> None:
    with _chat(tmp_path) as chat:
        chat.type("how long?\r")
        _answered(chat)
        chat.until(lambda lines: _BAR in lines[-1])
        before = [line for line in chat.lines() if line and _BAR not in line and line != ">"]
        chat.type(f"next{_CTRL_L}")
        chat.until(lambda _: chat.visible()[0] == "> next")
        assert [line for line in chat.lines() if line in before] == before
        assert not any(chat.visible()[1:-1])


def test_a_window_of_another_size_is_drawn_anew(tmp_path: Path) -> None:
    with _chat(tmp_path) as chat:
        chat.type("word " * 14)
        chat.shows("word word word")
        chat.resize(50, 12)
        chat.until(lambda _: [line.count("word") for line in chat.visible() if "word" in line] == [9, 4])
        chat.until(lambda lines: lines[-1].startswith("groq"))
        assert chat.cursor[1] < 50


def test_a_small_window_has_no_toolbar(tmp_path: Path) -> None:
    with _chat(tmp_path, 40, 7) as chat:
        chat.type("how\x1b\rlong")
        chat.shows("  long")
        assert _BAR not in chat.visible()[-1]
        chat.type("/" + "\x15" + "/")
        assert not any("too small" in line for line in chat.lines())


def test_a_toolbar_stays_on_one_line_and_the_mode_is_on_its_right(tmp_path: Path) -> None:
    with _chat(tmp_path, 40, 15, editing="vi") as chat:
        chat.until(lambda lines: lines[-1].endswith("…  vi: insert"))
        assert len(chat.lines()[-1]) == 40
        assert "extractive" not in chat.lines()[-1]


def test_a_window_that_is_closed_ends_the_chat(tmp_path: Path) -> None:
    with _chat(tmp_path) as chat:
        chat.type("how long?\r")
        _answered(chat)
        chat.until(lambda lines: _BAR in lines[-1])
        assert chat.shut() == 128 + signal.SIGHUP
    assert _sent(tmp_path) == ["how long?"]
