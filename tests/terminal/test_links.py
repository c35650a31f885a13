"""What a source is a link to, in which terminal."""

from __future__ import annotations

import os
import re
import socket
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.text import Text

from ragchat.settings.terminal import TerminalSettings
from ragchat.terminal.links import Links, links_for
from ragchat.terminal.paths import location
from tests.programs import Program
from tests.terminal.screens import pipe, screen

if TYPE_CHECKING:
    from pathlib import Path

_XTERM = {"TERM": "xterm-256color"}


@pytest.mark.parametrize(
    "said",
    [
        {"VTE_VERSION": "7006"},
        {"KITTY_WINDOW_ID": "1"},
        {"WT_SESSION": "0-1"},
        {"WEZTERM_PANE": "0"},
        {"TERM_PROGRAM": "iTerm.app"},
        {"TERM_PROGRAM": "vscode"},
        {"TERM": "xterm-kitty"},
        {"TERM": "foot"},
        {"TERM": "tmux-256color", "TMUX": "/tmp/x", "TERM_PROGRAM": "tmux", "TERM_PROGRAM_VERSION": "3.4"},
        {"TERM": "tmux-256color", "TMUX": "/tmp/x", "TERM_PROGRAM": "tmux", "TERM_PROGRAM_VERSION": "3.5a"},
    ],
)
def test_a_terminal_that_follows_links_is_given_them(said: dict[str, str]) -> None:
    assert links_for("auto", _XTERM | said, screen=True) == Links()


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"TERM": ""},
        {"TERM": "dumb", "VTE_VERSION": "7006"},
        {"TERM": "linux", "KITTY_WINDOW_ID": "1"},
        {"VTE_VERSION": "4999"},
        {"VTE_VERSION": "new"},
        {"TERM_PROGRAM": "Apple_Terminal"},
        {"TERM": "screen", "VTE_VERSION": "7006"},
        {"TMUX": "/tmp/x", "TERM_PROGRAM": "tmux", "TERM_PROGRAM_VERSION": "3.3a", "VTE_VERSION": "7006"},
        {"TMUX": "/tmp/x", "WT_SESSION": "0-1"},
    ],
)
def test_a_terminal_that_may_not_follow_links_is_given_none(said: dict[str, str]) -> None:
    assert links_for("auto", _XTERM | said, screen=True) == Links("")


@pytest.mark.parametrize("setting", ["auto", "file", "vscode", "x://{path}"])
def test_there_are_no_links_in_a_pipe(setting: str) -> None:
    assert links_for(setting, {"TERM": "xterm-kitty"}, screen=False) == Links("")


@pytest.mark.parametrize(
    ("setting", "line", "address"),
    [
        ("off", 7, None),
        ("file", 7, "file:///{path}"),
        ("vscode", 7, "vscode://file/{path}:7"),
        ("cursor", 7, "cursor://file/{path}:7"),
        ("idea", 7, "idea://open?file=/{path}&line=7"),
        ("zed", 7, "zed://file/{path}:7"),
        ("vscode", None, "file:///{path}"),
        ("my-editor://{path}#L{line}", 7, "my-editor:///{path}#L7"),
        ("my-editor://{path}", None, "my-editor:///{path}"),
    ],
)
def test_an_address_holds_the_whole_path_and_the_line(
    tmp_path: Path, setting: str, line: int | None, address: str | None
) -> None:
    file = tmp_path / "a b;{line}.md"
    file.touch()
    path = f"{str(tmp_path)[1:]}/a%20b%3B%7Bline%7D.md"
    expected = address and address.replace("{path}", path)
    assert links_for(setting, _XTERM, screen=True).address(file, line) == expected


def test_a_file_of_another_machine_names_that_machine(tmp_path: Path) -> None:
    remote = {"TERM": "xterm-kitty", "SSH_CONNECTION": "10.0.0.1 2 10.0.0.2 22"}
    assert (
        links_for("auto", remote, screen=True).address(tmp_path, None)
        == f"file://{socket.gethostname()}{tmp_path}"
    )


def test_what_is_not_there_has_no_address(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("gone.md", "a\0b", "x" * 300, "file/inside"):
        assert Links().address(tmp_path / name, 1) is None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.binary(min_size=1, max_size=40).filter(lambda name: name not in {b".", b".."}))
@pytest.mark.parametrize("setting", ["file", "vscode", "idea"])
def test_no_name_of_a_file_breaks_out_of_its_link(tmp_path: Path, setting: str, name: bytes) -> None:
    file = tmp_path / os.fsdecode(re.sub(rb"[/\0]", b"\x1b", name))
    file.touch()
    address = links_for(setting, _XTERM, screen=True).address(file, 1)
    assert address
    rest = address.replace(str(tmp_path), "")
    assert re.fullmatch(r"[!-~]+", rest)
    assert ";" not in rest


@pytest.mark.parametrize("width", [20, 80])
def test_a_link_is_on_the_screen_and_never_in_a_pipe(width: int, tmp_path: Path) -> None:
    (tmp_path / "a.md").touch()
    linked = location("a.md", None, tmp_path)
    terminal, shown = screen(width, colour=True)
    terminal.out.print(linked)
    assert f"file://{tmp_path}/a.md\x1b\\" in shown.getvalue()
    piped, out, _ = pipe()
    piped.out.print(Text.assemble(linked))
    assert out.getvalue() == "a.md\n"


@pytest.mark.parametrize(
    "links", ["code", "{path}", "x://", "x://{path} --flag", "x://{path}\x1b\\", "x://{path}\u202e", "true"]
)
def test_a_setting_that_names_nothing_is_refused(links: str) -> None:
    with pytest.raises(ValueError, match="neither a name nor an address"):
        TerminalSettings(links=links)


def test_a_wrong_setting_is_told_with_what_it_may_be(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    ran = Program(tmp_path / "work")("search", "tea", RAGCHAT_LINKS="code")
    assert ran.status == 7
    assert "auto, off, file, vscode, cursor, idea, zed" in ran.err
