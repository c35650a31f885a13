"""A source opened: which command line that makes, and that the conversation goes on behind it."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pytest

from ragchat.core.place import Place
from ragchat.errors import UsageError
from ragchat.terminal.chat import Chat
from ragchat.terminal.commands.opening import open_source
from ragchat.terminal.commands.table import COMMANDS
from ragchat.terminal.finding import line_now
from ragchat.terminal.opening import in_editor, in_viewer
from tests.programs import ROOT
from tests.terminal.screens import screen
from tests.terminal.scripted import Scripted, Told, answer, opened, passage, session

if TYPE_CHECKING:
    from ragchat.core.answer import Answer
    from tests.terminal.screens import Screen

_FILE = Path("/notes/-a b.md")


@pytest.mark.parametrize(
    ("editor", "command", "windowed"),
    [
        ("vim", ("vim", "+41", "/notes/-a b.md"), False),
        ("/usr/bin/nvim", ("/usr/bin/nvim", "+41", "/notes/-a b.md"), False),
        ("emacsclient -t", ("emacsclient", "-t", "+41", "/notes/-a b.md"), False),
        ("hx", ("hx", "/notes/-a b.md:41"), False),
        ("code --wait", ("code", "--wait", "--goto", "/notes/-a b.md:41"), True),
        ("'/opt/my tools/subl' -n", ("/opt/my tools/subl", "-n", "/notes/-a b.md:41"), True),
        ("idea", ("idea", "--line", "41", "/notes/-a b.md"), True),
        ("my-editor", ("my-editor", "/notes/-a b.md"), False),
    ],
)
def test_each_editor_is_told_the_line_in_its_own_way(
    editor: str, command: tuple[str, ...], windowed: bool
) -> None:
    opening = in_editor(_FILE, 41, {"EDITOR": editor})
    assert (opening.command, opening.windowed) == (command, windowed)


@pytest.mark.parametrize(
    ("environment", "editor"),
    [
        ({"VISUAL": "code", "EDITOR": "vi"}, "code"),
        ({"VISUAL": " ", "EDITOR": "vi"}, "vi"),
        ({"EDITOR": "vi; rm -rf ~"}, "vi;"),
    ],
)
def test_visual_goes_before_editor_and_no_shell_reads_either(environment: dict[str, str], editor: str) -> None:
    assert in_editor(_FILE, 1, environment).command[0] == editor


def test_without_either_an_editor_that_is_here_is_taken(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        in_editor(_FILE, 1, {"PATH": str(tmp_path)})
    assert (raised.value.message, raised.value.hint) == ("No editor was found.", "Name yours in VISUAL or EDITOR.")
    _program(tmp_path / "vi", "")
    assert in_editor(_FILE, 1, {"PATH": str(tmp_path)}).command == ("vi", "+1", "/notes/-a b.md")


def test_an_editor_that_cannot_be_read_or_started_is_told_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^EDITOR cannot be read: 'vi$"):
        in_editor(_FILE, 1, {"EDITOR": "'vi"})
    for editor in ("/no/such/editor", "/no/such/code"):
        with pytest.raises(UsageError, match=r"cannot be started: No such file or directory\.$"):
            in_editor(_FILE, 1, {"EDITOR": editor}).run()
    _program(tmp_path / "vi", "exit 3")
    with pytest.raises(UsageError, match=r"vi ended with status 3\.$"):
        in_editor(_FILE, 1, {"EDITOR": str(tmp_path / "vi")}).run()


def test_the_desktop_opens_what_has_no_lines_where_there_is_one(tmp_path: Path) -> None:
    opener = "open" if sys.platform == "darwin" else "xdg-open"
    assert in_viewer(_FILE, {"PATH": str(tmp_path), "DISPLAY": ":0"}) is None
    _program(tmp_path / opener, "")
    opening = in_viewer(_FILE, {"PATH": str(tmp_path), "DISPLAY": ":0"})
    assert opening
    assert opening.command == (str(tmp_path / opener), "/notes/-a b.md")
    if sys.platform != "darwin":
        assert in_viewer(_FILE, {"PATH": str(tmp_path)}) is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\nb\nwrap it well\n", 3),
        ("wrap it\n\n\nwrap it\nx\nwrap it\n", 4),
        ("\ufeffa\r\nb\x0cc\r\nwrap it\r\n", 3),
        ("nothing of it", None),
        ("", None),
    ],
)
def test_words_are_found_again_where_they_are_nearest_to_their_line(
    tmp_path: Path, text: str, line: int | None
) -> None:
    (tmp_path / "a.md").write_bytes(text.encode())
    assert line_now(tmp_path / "a.md", 3, "\n  wrap it\nin paper") == line


def test_a_file_that_cannot_be_compared_is_opened_at_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"caf\xe9")
    assert line_now(tmp_path / "a.md", 7, "wrap it") == 7


def _program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def _plain(shown: Screen) -> str:
    return re.sub(r"\x1b\[[\d;]*m|\x1b\]8;.*?\x1b\\", "", shown.getvalue())


def _chat(told: Answer | None, directory: Path) -> tuple[Chat, Screen]:
    """A conversation whose last answer is `told`, in `directory`; and the screen."""
    terminal, shown = screen()
    talk = session(Scripted([]) if told is None else Told(told))
    if told is not None:
        list(talk.ask("How?"))
    chat = Chat(replace(terminal, directory=directory), lambda: opened(talk), commands=COMMANDS)
    chat.open()
    return chat, shown


@pytest.mark.parametrize(
    ("number", "message", "hint"),
    [
        ("3", "There is no source 3.", "Their numbers go from 1 to 2."),
        ("0", "There is no source 0.", "Their numbers go from 1 to 2."),
        ("-1", "There is no source -1.", "Their numbers go from 1 to 2."),
        ("bread", "There is no source bread.", "Their numbers go from 1 to 2."),
        ("9" * 5000, f"There is no source {'9' * 5000}.", "Their numbers go from 1 to 2."),
        ("2", "data/food/guides/rye.md is not there any more.", "Ingest again, and the index forgets it."),
        ("[1]", "There is no terminal for an editor here.", "Open it yourself: data/food/guides/bread.md:42"),
    ],
)
def test_a_source_that_cannot_be_opened_is_told_with_the_cure(number: str, message: str, hint: str) -> None:
    chat, _ = _chat(answer("x [1]"), Path.cwd())
    with pytest.raises(UsageError) as raised:
        open_source(chat, number)
    assert (raised.value.message, raised.value.hint) == (message, hint)


def test_without_an_answer_or_a_source_there_is_nothing_to_open() -> None:
    for told, message in (
        (None, "There is no answer yet."),
        (replace(answer("x", cited=False), passages=()), "The last answer has no sources."),
    ):
        with pytest.raises(UsageError) as raised:
            open_source(_chat(told, Path.cwd())[0], "")
        assert raised.value.message == message


def test_a_page_is_named_where_no_desktop_can_open_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "a.pdf").touch()
    found = passage(1)
    page = replace(found, chunk=replace(found.chunk, source=str(tmp_path / "a.pdf"), place=Place("page", 3, 3)))
    with pytest.raises(UsageError) as raised:
        open_source(_chat(answer("x", cited=False, passages=(page,)), tmp_path)[0], "")
    assert raised.value.hint == "Open it yourself: a.pdf p. 3"


def test_a_page_is_opened_by_the_desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opener = "open" if sys.platform == "darwin" else "xdg-open"
    os.mkfifo(tmp_path / "told")
    _program(tmp_path / opener, f'echo "$*" > {tmp_path}/told')
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DISPLAY", ":0")
    (tmp_path / "a.pdf").touch()
    found = passage(1)
    page = replace(found, chunk=replace(found.chunk, source=str(tmp_path / "a.pdf"), place=Place("page", 3, 3)))
    chat, shown = _chat(answer("x", cited=False, passages=(page,)), tmp_path)
    open_source(chat, "1")
    assert (tmp_path / "told").read_text() == f"{tmp_path}/a.pdf\n"
    assert _plain(shown) == "a.pdf p. 3\n"


def test_a_file_that_has_changed_is_opened_where_the_words_are_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "told")
    _program(tmp_path / "code", f'echo "$*" > {tmp_path}/told')
    monkeypatch.setenv("VISUAL", str(tmp_path / "code"))
    found = passage(1, "Wrap it.", line=3)
    moved = replace(found, chunk=replace(found.chunk, source=str(tmp_path / "a.md")))
    for text, line, said in (
        ("a\nb\nWrap it.\n", 3, ""),
        ("a\nb\nc\nd\nWrap it.\n", 5, "a.md has changed since it was indexed: the passage is in line 5 now.\n"),
        ("a\n", 3, "a.md has changed since it was indexed: the passage is no longer in it.\n"),
    ):
        (tmp_path / "a.md").write_text(text)
        chat, shown = _chat(answer("x", cited=False, passages=(moved,)), tmp_path)
        open_source(chat, "")
        assert (tmp_path / "told").read_text() == f"--goto {tmp_path}/a.md:{line}\n"
        assert _plain(shown) == said


def test_the_editor_has_the_terminal_and_the_conversation_goes_on_behind_it(tmp_path: Path) -> None:
    editor = tmp_path / "vi"
    _program(editor, f'trap \'\' INT; stty -echo; echo "editing $*"; read line; echo "$line" > {tmp_path}/typed')
    program: pexpect.spawn[str] = pexpect.spawn(
        "/bin/sh",
        ["-c", f"trap : INT; {sys.executable} -m tests.terminal.scripted {tmp_path}/history 0.0001; stty -a"],
        cwd=str(ROOT),
        env={**os.environ, "TERM": "xterm", "EDITOR": str(editor), "VISUAL": "", "PROMPT_TOOLKIT_NO_CPR": "1"},
        encoding="utf-8",
        dimensions=(24, 100),
        timeout=20,
    )
    program.delaybeforesend = None
    program.expect_exact("> ")
    program.send("How long?\r")
    program.expect("0.91 s")
    program.send("/open 1\r")
    program.expect_exact(f"editing +42 {ROOT}/data/food/guides/bread.md")
    program.send("\x03written\n")
    program.expect_exact("> ")
    assert program.before
    assert "stopped" not in program.before
    program.send("/why\r")
    program.expect_exact("no room")
    program.send("/quit\r")
    program.expect_exact(" echo ")
    program.expect(pexpect.EOF)
    assert (tmp_path / "typed").read_text() == "written\n"
