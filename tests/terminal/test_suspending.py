"""Ctrl-Z under a shell with job control: the terminal is the shell's, and after `fg` all goes on."""

from __future__ import annotations

import shlex
import shutil
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.programs import skip_without
from tests.terminal.window import Window, window

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_READY = "food · 222 documents"
_BAR = "groq · openai"
_CTRL_Z = "\x1a"


@contextmanager
def _chat(folder: Path, pause: str) -> Iterator[Window]:
    """A chat started from bash; it is ready."""
    bash = shutil.which("bash")
    skip_without(bash, "bash")
    shell = (bash or "", "--norc", "--noprofile", "--noediting", "-i")
    with window(shell, PS1="shell$ ", HISTFILE="") as chat:
        chat.shows("shell$")
        chat.type(
            shlex.join((sys.executable, "-m", "tests.terminal.scripted", f"{folder / 'history'}", pause)) + "\r"
        )
        chat.shows(_READY)
        yield chat


def _stop_and_look(chat: Window) -> None:
    """Stop the chat, and see that the shell's terminal edits lines and echoes."""
    chat.type(_CTRL_Z)
    chat.shows("Stopped")
    chat.until(lambda _: any(line.startswith("shell$") for line in chat.visible()[2:]))
    chat.type("stty -a | grep -ow -e -echo -e -icanon -e -icrnl; echo looked\r")
    chat.until(lambda lines: "looked" in lines)
    assert not {"-echo", "-icanon", "-icrnl"} & set(chat.lines())
    chat.type("fg\r")


def test_at_the_prompt_ctrl_z_stops_and_what_was_typed_is_there_after_fg(tmp_path: Path) -> None:
    with _chat(tmp_path, "0.001") as chat:
        chat.type("how lo")
        chat.shows("> how lo")
        _stop_and_look(chat)
        chat.until(lambda _: "> how lo" in chat.visible()[-6:] or chat.visible()[-1].startswith(_BAR))
        chat.type("ng?\r")
        chat.shows("1,204 + 87 tokens")
        assert "> how long?" in chat.lines()


def test_in_mid_answer_ctrl_z_stops_and_after_fg_the_answer_arrives_whole(tmp_path: Path) -> None:
    with _chat(tmp_path, "0.03") as chat:
        chat.type("how long?\r")
        chat.shows("A cut loaf")
        chat.type("and rye")
        _stop_and_look(chat)
        chat.type("?")
        chat.shows("1,204 + 87 tokens")
        chat.shows("> and rye?")
        lines = chat.lines()
    assert "    return days <= 3" in lines
    assert sum("A cut loaf" in line for line in lines) == 1
    assert sum("and rye" in line for line in lines) == 1
    assert not any("command not found" in line for line in lines)
