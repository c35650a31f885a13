"""The world outside: streams, width, colour."""

from __future__ import annotations

import io
import subprocess
import sys
import threading

import pytest
from rich.text import Text

from ragchat.terminal.console import terminal_of
from ragchat.terminal.state import StateLine
from ragchat.terminal.theme import theme_of
from tests.terminal.screens import Screen, pipe, screen


@pytest.mark.parametrize(("columns", "width"), [(132, 132), (40, 40), (5, 20)])
def test_lines_are_as_wide_as_columns_says_but_never_too_narrow_to_read(columns: int, width: int) -> None:
    terminal, _ = screen(columns)
    assert (terminal.width, terminal.line_width) == (width, width)


def test_a_pipe_has_no_width() -> None:
    terminal, _, _ = pipe()
    assert terminal.line_width is None
    assert terminal.aside is terminal.err


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm", "NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, False),
    ],
)
def test_a_screen_is_coloured_unless_the_environment_forbids_it(
    environment: dict[str, str], coloured: bool
) -> None:
    shown = Screen()
    terminal = terminal_of(io.StringIO(), shown, shown, environment=environment)
    terminal.out.print(Text("x", style="source"))
    assert ("\x1b[36m" in shown.getvalue()) is coloured


def test_what_comes_behind_another_theme_is_shown_in_it_by_every_thread() -> None:
    terminal, shown = screen(colour=True)
    terminal.wear(theme_of("light", {}))
    thread = threading.Thread(target=terminal.out.print, args=(Text("x", style="source"),))
    thread.start()
    thread.join()
    terminal.wear(theme_of("mono", {}))
    terminal.err.print(Text("y", style="mark"))
    assert shown.getvalue() == "\x1b[34mx\x1b[0m\n\x1b[1my\x1b[0m\n"


@pytest.mark.parametrize(("forced", "coloured"), [("1", True), ("0", False), ("", False)])
def test_a_pipe_is_coloured_only_by_force(forced: str, coloured: bool) -> None:
    terminal, out, _ = pipe(CLICOLOR_FORCE=forced)
    terminal.out.print(Text("x", style="source"))
    assert ("\x1b[36m" in out.getvalue()) is coloured
    assert not terminal.screen


@pytest.mark.parametrize(
    ("stdin", "stdout", "stderr", "attended"),
    [
        (Screen(), io.StringIO(), Screen(), True),
        (Screen(), io.StringIO(), io.StringIO(), False),
        (io.StringIO(), Screen(), Screen(), False),
    ],
)
def test_a_person_is_there_when_stdin_and_stderr_are_terminals(
    stdin: io.StringIO, stdout: io.StringIO, stderr: io.StringIO, attended: bool
) -> None:
    assert terminal_of(stdin, stdout, stderr, environment={}).attended is attended


def test_text_is_printed_as_it_is() -> None:
    terminal, out, _ = pipe()
    text = "[bold]x[/bold] :smile: 42 https://example.org " + "long " * 40
    terminal.out.print(text)
    assert out.getvalue() == text + "\n"


def test_a_dumb_terminal_gets_no_state_line() -> None:
    shown = Screen()
    terminal = terminal_of(io.StringIO(), shown, shown, environment={"TERM": "dumb"})
    with StateLine(terminal) as state:
        state.show("searching…")
    assert shown.getvalue() == ""


def test_a_process_with_closed_streams_has_a_terminal_all_the_same() -> None:
    program = (
        "import os\n"
        "from ragchat.terminal.console import terminal_here\n"
        "terminal = terminal_here()\n"
        "terminal.out.print('x'); terminal.err.print('x')\n"
        "assert not terminal.interactive and terminal.stdin.read() == ''\n"
    )
    script = '"$0" -c "$1" <&- >&- 2>&-'
    assert subprocess.run(["sh", "-c", script, sys.executable, program], check=False).returncode == 0
