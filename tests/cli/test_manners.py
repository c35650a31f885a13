"""How the program behaves among others: quiet, plain where nobody looks, and no trace of a reader that left."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from typing import TYPE_CHECKING

import pexpect
import pytest

from ragchat import __version__
from tests.programs import RAGCHAT

if TYPE_CHECKING:
    from tests.programs import Program


def _on_a_screen(program: Program, *arguments: str, **variables: str) -> str:
    """All that a terminal gets."""
    child = pexpect.spawn(
        str(RAGCHAT),
        list(arguments),
        cwd=str(program.folder),
        env=program.variables({"TERM": "xterm-256color", **variables}),
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=60,
    )
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    return str(child.before)


@pytest.mark.parametrize("quiet", [("-q",), ("--quiet",)])
def test_quiet_leaves_the_result_alone_wherever_it_stands(ragchat: Program, quiet: tuple[str, ...]) -> None:
    assert "Embedded by" in ragchat("ingest", ".").err
    loud = ragchat("ask", "What is noon chai?")
    assert "extractive" in loud.err
    for line in ((*quiet, "ask", "What is noon chai?"), ("ask", "What is noon chai?", *quiet)):
        ran = ragchat(*line)
        assert (ran.status, ran.out, ran.err) == (0, loud.out, "")
    assert ragchat("docs", "list", *quiet).out == ragchat("docs", *quiet, "list").out != ""


def test_quiet_shows_neither_progress_nor_notices_on_a_screen(ragchat: Program) -> None:
    assert "\x1b[?25l" in _on_a_screen(ragchat, "ingest", ".")
    for name in ("bread.md", "tea.txt"):
        (ragchat.folder / name).write_text("Something else. Noon chai is pink.\n")
    ingested = _on_a_screen(ragchat, "ingest", ".", "-q")
    assert "\x1b[?25l" not in ingested
    assert "2 changed" in ingested
    assert "extractive ·" not in _on_a_screen(ragchat, "ask", "What is noon chai?", "--quiet")


def test_quiet_keeps_errors(ragchat: Program) -> None:
    for line in (("-q", "ask", "x"), ("docs", "list", "-q")):
        ran = ragchat(*line)
        assert (ran.status, ran.err.splitlines()[0]) == (3, "error: Nothing is indexed yet.")


def test_behind_two_dashes_it_is_a_question(ragchat: Program) -> None:
    ragchat("ingest", ".")
    assert "extractive" in ragchat("ask", "--", "-q").err


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({"RAGCHAT_THEME": "dark"}, True),
        ({"RAGCHAT_THEME": "dark", "NO_COLOR": "1"}, False),
        ({"RAGCHAT_THEME": "light"}, False),
        ({"RAGCHAT_THEME": "mono"}, False),
    ],
)
def test_colours_on_a_screen_follow_the_environment(
    ragchat: Program, variables: dict[str, str], *, coloured: bool
) -> None:
    ragchat("ingest", ".")
    shown = _on_a_screen(ragchat, "search", "pink tea", **variables)
    assert ("\x1b[36m" in shown or "36m" in shown) is coloured


def test_a_dumb_terminal_gets_no_escape_sequence_at_all(ragchat: Program) -> None:
    for line in (("ingest", "."), ("ask", "What is noon chai?"), ("docs", "list"), ("doctor",)):
        assert "\x1b" not in _on_a_screen(ragchat, *line, TERM="dumb"), line


def test_sources_are_links_to_what_the_setting_says_wherever_they_stand(ragchat: Program) -> None:
    ragchat("ingest", ".")
    ragchat("chat", stdin="What is noon chai?\n")
    for line in (
        ("docs", "list"),
        ("docs", "show", "tea.txt"),
        ("sessions", "show", "1"),
        ("search", "pink tea"),
        ("ask", "What is noon chai?"),
    ):
        shown = _on_a_screen(ragchat, *line, RAGCHAT_LINKS="x://{path}")
        assert re.search(r"\x1b\]8;[^;]*;x:///[^\x1b]+/tea\.txt\x1b", shown), line
        assert "file://" not in shown, line
        assert "]8;" not in _on_a_screen(ragchat, *line, RAGCHAT_LINKS="off"), line


@pytest.mark.parametrize(("variables", "coloured"), [({}, False), ({"CLICOLOR_FORCE": "1"}, True)])
def test_a_pipe_is_coloured_only_by_force(ragchat: Program, variables: dict[str, str], *, coloured: bool) -> None:
    ragchat("ingest", ".")
    assert ("\x1b[" in ragchat("search", "pink tea", TERM="xterm", **variables).out) is coloured


@pytest.mark.parametrize(
    "command", [("docs", "list"), ("docs", "list", "--json"), ("-q", "ask", "What is noon chai?"), ("--help",)]
)
def test_a_reader_that_left_gets_no_complaint(ragchat: Program, command: tuple[str, ...]) -> None:
    ragchat("ingest", ".")
    reader, writer = os.pipe()
    os.close(reader)
    ran = subprocess.run(
        [str(RAGCHAT), *command],
        cwd=ragchat.folder,
        env=ragchat.variables(),
        stdout=writer,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(writer)
    assert (ran.returncode, ran.stderr) == (128 + signal.SIGPIPE, b"")


@pytest.mark.parametrize("arguments", [("--version",), ("--version", "--quiet"), ("-q", "--version")])
def test_the_version_is_one_line(ragchat: Program, arguments: tuple[str, ...]) -> None:
    ran = ragchat(*arguments)
    assert (ran.status, ran.out, ran.err) == (0, f"ragchat {__version__}\n", "")


@pytest.mark.parametrize("line", [("--debug", "docs", "list"), ("docs", "list", "--debug")])
def test_debug_shows_where_an_error_comes_from_and_then_the_sentence(
    ragchat: Program, line: tuple[str, ...]
) -> None:
    ran = ragchat(*line)
    assert ran.status == 3
    assert ran.err.startswith("Traceback")
    assert re.search(r"\nerror: Nothing is indexed yet\.\nhint: .+\n$", ran.err)
    assert "Traceback" not in ragchat("docs", "list").err
