"""Tab in real shells: what the program offers, and what the shell makes of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pexpect
import pyte
import pytest

from tests.house.test_imports import HEAVY
from tests.programs import skip_without

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.programs import Program

SHELLS = {
    "bash": ("bash --norc --noprofile -i", 'eval "$(ragchat completion bash)"'),
    "zsh": ("zsh -f -i", 'autoload -Uz compinit; compinit -u -D; eval "$(ragchat completion zsh)"'),
    "fish": ("fish --no-config -i", "ragchat completion fish | source"),
}
_WAIT_S = 30


@pytest.fixture
def indexed(ragchat: Program, folder: Path) -> Program:
    """Two collections; one of the documents has a name that a shell must quote."""
    (folder / "my $(touch pwned) tea.txt").write_text("Mint tea.\n")
    (folder / "evil\x1b[2J.txt").write_text("An evil name.\n")
    ragchat("ingest", ".")
    ragchat("ingest", "tea.txt", "--collection", "teas")
    return ragchat


def _offered(program: Program, *words: str, shell: str = "fish") -> list[str]:
    """What a shell is told when Tab is pressed in the last of `words`."""
    ran = program("--", *words, _RAGCHAT_COMPLETE=f"complete_{shell}")
    assert (ran.status, ran.err) == (0, "")
    return [line.partition("\t")[0] for line in ran.out.splitlines() if line]


@pytest.mark.parametrize("shell", SHELLS)
def test_names_are_offered_where_they_are_asked_for(indexed: Program, shell: str) -> None:
    assert _offered(indexed, "coll", shell=shell) == ["collection"]
    assert _offered(indexed, "docs", "", shell=shell) == ["list", "show", "remove"]
    assert _offered(indexed, "ask", "--collection", "", shell=shell) == ["default", "teas"]
    assert _offered(indexed, "ask", "--collection=t", shell=shell) == ["teas"]
    assert _offered(indexed, "collection", "remove", "t", shell=shell) == ["teas"]
    assert _offered(indexed, "ask", "--provider", "g", shell=shell) == ["groq", "gguf"]
    assert _offered(indexed, "ask", "--coll", shell=shell) == ["--collection"]
    assert _offered(indexed, "docs", "show", "t", shell=shell) == ["tea.txt"]
    assert _offered(indexed, "docs", "show", "--collection", "teas", "", shell=shell) == ["tea.txt"]


@pytest.mark.parametrize("shell", SHELLS)
def test_sessions_are_offered_by_id_and_by_the_name_that_is_being_typed(indexed: Program, shell: str) -> None:
    assert _offered(indexed, "sessions", "show", "", shell=shell) == []
    indexed("chat", stdin="What is noon chai?\n")
    indexed("sessions", "rename", "1", "Zobo tea")
    (id_,) = _offered(indexed, "sessions", "show", "", shell=shell)
    assert indexed("sessions", "show", id_).out.startswith("Zobo tea\n")
    assert _offered(indexed, "sessions", "remove", "Zo", shell=shell) == ["Zobo tea"]
    indexed("sessions", "list", RAGCHAT_ENCRYPTION="file")
    assert _offered(indexed, "sessions", "show", "", shell=shell) == [id_]
    assert _offered(indexed, "sessions", "show", "Zo", shell=shell) == []


def test_a_name_that_would_act_on_the_terminal_is_not_offered(indexed: Program) -> None:
    assert _offered(indexed, "docs", "show", "") == ["bread.md", "my $(touch pwned) tea.txt", "tea.txt"]


def test_the_home_is_the_one_that_the_command_would_use(indexed: Program, folder: Path) -> None:
    home = str(folder.parent / "home")
    program = type(indexed)(folder, {"RAGCHAT_HOME": "elsewhere"})
    assert _offered(program, "ask", "--collection", "") == []
    assert _offered(program, "ask", "--home", home, "--collection", "") == ["default", "teas"]
    (folder / ".env").write_text(f"RAGCHAT_HOME={home}\n")
    program = type(indexed)(folder, {"RAGCHAT_HOME": ""})
    assert _offered(program, "ask", "--collection", "") == ["default", "teas"]


def test_what_cannot_be_read_is_silence(ragchat: Program, folder: Path) -> None:
    assert _offered(ragchat, "docs", "show", "") == []
    broken = folder.parent / "home" / "collections" / "broken"
    broken.mkdir(parents=True)
    (broken / "index.db").write_bytes(b"no database")
    assert _offered(ragchat, "docs", "show", "--collection", "broken", "") == []
    (folder / ".env").write_bytes(b"\xff")
    assert _offered(ragchat, "ask", "--collection", "") == ["broken"]


def test_completing_a_name_loads_nothing_heavy(indexed: Program) -> None:
    code = (
        "import sys, atexit; sys.argv = ['ragchat', '--', *sys.argv[1:]]\n"
        "atexit.register(lambda: print('loaded', *{name.partition('.')[0] for name in sys.modules}))\n"
        "from ragchat.cli.run import run; run(sys.argv[1:])"
    )
    indexed("chat", stdin="What is noon chai?\n")
    expected = {("ask", "--collection"): "teas", ("docs", "show"): "tea.txt", ("sessions", "show"): "noon chai"}
    for words, name in expected.items():
        ran = subprocess.run(
            [sys.executable, "-c", code, *words, ""],
            cwd=indexed.folder,
            env=indexed.variables({"_RAGCHAT_COMPLETE": "complete_bash"}),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        offered, loaded = ran.stdout.split("loaded", 1)
        assert name in offered
        # Pydantic is what typer itself looks for.
        assert set(loaded.split()) & HEAVY <= {"pydantic"}


def test_an_unknown_shell_is_wrong_use(ragchat: Program) -> None:
    ran = ragchat("completion", "tcsh")
    assert (ran.status, ran.err.startswith("error: ")) == (2, True)


class _Shell:
    """A shell at the other end of a pseudo-terminal, and its screen."""

    def __init__(self, child: pexpect.spawn[str]) -> None:
        self._child = child
        self._screen = pyte.Screen(100, 24)
        self._stream = pyte.Stream(self._screen)

    def type(self, text: str) -> None:
        self._child.send(text)

    def wait_for(self, text: str) -> None:
        """Read until `text` stands on the screen."""
        deadline = time.monotonic() + _WAIT_S
        while text not in "\n".join(line.rstrip() for line in self._screen.display):
            assert time.monotonic() < deadline, "\n".join(self._screen.display)
            try:
                self._stream.feed(self._child.read_nonblocking(4096, 0.2))
            except pexpect.TIMEOUT:
                continue


@contextmanager
def _shell(name: str, program: Program) -> Iterator[_Shell]:
    """The shell, with its completion loaded."""
    command, load = SHELLS[name]
    skip_without(shutil.which(name), name)
    variables = program.variables({"TERM": "xterm", "PS1": "$ ", "ZDOTDIR": str(program.folder.parent)})
    child = pexpect.spawn(command, cwd=str(program.folder), env=variables, dimensions=(24, 100), encoding="utf-8")
    child.delaybeforesend = None
    try:
        shell = _Shell(child)
        shell.type(f"{load}\r")
        shell.type("echo load''ed\r")
        shell.wait_for("\nloaded")
        yield shell
    finally:
        child.close(force=True)


@pytest.mark.parametrize("name", SHELLS)
def test_tab_completes_in_a_real_shell(name: str, indexed: Program) -> None:
    with _shell(name, indexed) as shell:
        shell.type("ragchat ask --coll\t")
        shell.wait_for("ask --collection")
        shell.type("te\t")
        shell.wait_for("--collection teas")


@pytest.mark.parametrize("name", SHELLS)
def test_a_name_is_quoted_and_nothing_in_it_is_run(name: str, indexed: Program) -> None:
    with _shell(name, indexed) as shell:
        shell.type("ragchat docs remove my\t")
        shell.wait_for("tea.txt")
        shell.type("\r")
        shell.wait_for("1 document removed")
    assert not (indexed.folder / "pwned").exists()


@pytest.mark.parametrize("name", SHELLS)
def test_where_a_path_is_wanted_the_shell_completes_files(name: str, ragchat: Program) -> None:
    with _shell(name, ragchat) as shell:
        shell.type("ragchat ingest br\t")
        shell.wait_for("ingest bread.md")
