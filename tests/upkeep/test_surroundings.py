"""What ragchat runs on, and the folder it keeps its data in."""

from __future__ import annotations

import compileall
import sys
from typing import TYPE_CHECKING

import pytest

from ragchat.upkeep.checks.home import check_disk, check_files, check_home, check_permissions
from ragchat.upkeep.checks.surroundings import (
    Screen,
    check_bytecode,
    check_office,
    check_python,
    check_terminal,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_a_python_older_than_the_oldest_is_a_problem() -> None:
    assert check_python((3, 10, 14)).state == "problem"
    assert check_python((3, 11, 0)).state == "ok"
    assert sys.executable in check_python((3, 14, 1)).message


@pytest.mark.parametrize(
    ("screen", "state", "said"),
    [
        (Screen(True, 80, 24, True, "utf-8"), "ok", "80 columns, 24 lines, in colour, with links, UTF-8"),
        (Screen(True, 40, 24, False, "UTF8"), "ok", "40 columns, 24 lines, without colour, without links, UTF-8"),
        (Screen(True, 39, 24, True, "utf-8"), "warning", "39 columns wide"),
        (Screen(False, 20, 24, False, "utf-8"), "ok", "pipe"),
        (Screen(False, 80, 24, False, "latin-1"), "warning", "latin-1"),
        (Screen(True, 80, 24, True, "no such thing"), "warning", "no such thing"),
    ],
)
def test_a_terminal_is_told_by_its_width_colour_and_encoding(screen: Screen, state: str, said: str) -> None:
    finding = check_terminal(screen)
    assert finding.state == state
    assert said in finding.message
    assert bool(finding.cure) is (state != "ok")


def test_a_missing_extra_is_a_warning_that_says_how_to_install_it() -> None:
    assert check_office(("json", "zipfile")).state == "ok"
    finding = check_office(("json", "no_such_library"))
    assert (finding.state, finding.cure) == ("warning", "Run `pip install 'ragchat[office]'`.")
    assert "no_such_library" in finding.message
    assert "json" not in finding.message


def test_a_home_that_is_not_there_is_looked_at_and_not_made(tmp_path: Path) -> None:
    home = tmp_path / "a" / "b"
    finding = check_home(home)
    assert finding.state == "ok"
    assert "not there yet" in finding.message
    assert check_disk(home, 0, 0.0).state == "ok"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("below", [(), ("deeper", "still")])
def test_a_file_in_the_place_of_the_home_or_above_it_is_a_problem(tmp_path: Path, below: tuple[str, ...]) -> None:
    file = tmp_path / "home"
    file.touch()
    finding = check_home(file.joinpath(*below))
    assert (finding.state, finding.message) == ("problem", f"{file} is not a folder.")
    assert "RAGCHAT_HOME" in finding.cure


def test_a_broken_link_in_the_place_of_the_home_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "home").symlink_to(tmp_path / "nowhere")
    assert check_home(tmp_path / "home").state == "problem"


@pytest.mark.parametrize(
    ("mode", "said"), [(0o700, ""), (0o750, "can look into"), (0o720, "can change what is in"), (0o701, "look")]
)
def test_a_home_open_to_others_is_a_warning(tmp_path: Path, mode: int, said: str) -> None:
    home = tmp_path / "my home"
    home.mkdir()
    home.chmod(mode)
    finding = check_permissions(home)
    assert finding.state == ("warning" if said else "ok")
    assert said in finding.message
    assert finding.cure == (f"Run `chmod 700 '{home}'`." if said else "")


@pytest.mark.parametrize(("least", "share"), [(10**18, 0.0), (0, 1.1)])
def test_a_disk_with_too_little_room_is_a_warning(tmp_path: Path, least: int, share: float) -> None:
    finding = check_disk(tmp_path, least, share)
    assert check_disk(tmp_path, 0, 0.0).state == "ok"
    assert finding.state == "warning"
    assert "MB are free" in finding.message
    assert finding.cure


def test_a_file_that_others_may_read_is_a_warning(tmp_path: Path) -> None:
    segments = tmp_path / "collections" / "default" / "segments"
    segments.mkdir(parents=True)
    for path in (tmp_path / "history", segments / "a.words", tmp_path / ".ragchat"):
        path.touch(0o600)
    (tmp_path / ".ragchat").chmod(0o644)
    assert check_files(tmp_path).state == "ok"
    (segments / "a.words").chmod(0o640)
    finding = check_files(tmp_path)
    assert (finding.state, f"{segments / 'a.words'}," in finding.message) == ("warning", True)
    assert finding.cure == f"Run `chmod -R go-rwx {tmp_path}`."
    (tmp_path / "history").chmod(0o604)
    assert "and 1 more" in check_files(tmp_path).message


def test_a_library_that_is_compiled_at_every_start_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "fresh_library.py").write_text("")
    finding = check_bytecode(("fresh_library", "no_such_library"))
    assert (finding.state, "fresh_library anew" in finding.message) == ("warning", True)
    assert "-m compileall" in finding.cure
    assert compileall.compile_file(tmp_path / "fresh_library.py", quiet=1)
    assert check_bytecode(("fresh_library", "no_such_library")).state == "ok"
