"""What ragchat runs on, and the folder it keeps its data in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from ragchat.upkeep.checks.home import check_disk, check_home, check_permissions
from ragchat.upkeep.checks.surroundings import Screen, check_office, check_python, check_terminal

if TYPE_CHECKING:
    from pathlib import Path


def test_a_python_older_than_the_oldest_is_a_problem() -> None:
    assert check_python((3, 10, 14)).state == "problem"
    assert check_python((3, 11, 0)).state == "ok"
    assert sys.executable in check_python((3, 14, 1)).message


@pytest.mark.parametrize(
    ("screen", "state", "said"),
    [
        (Screen(True, 80, True, "utf-8"), "ok", "80 columns, in colour, UTF-8"),
        (Screen(True, 40, False, "UTF8"), "ok", "40 columns, without colour, UTF-8"),
        (Screen(True, 39, True, "utf-8"), "warning", "39 columns wide"),
        (Screen(False, 20, False, "utf-8"), "ok", "pipe"),
        (Screen(False, 80, False, "latin-1"), "warning", "latin-1"),
        (Screen(True, 80, True, "no such thing"), "warning", "no such thing"),
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
    assert check_disk(home).state == "ok"
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


def test_a_disk_with_too_little_room_is_a_warning(tmp_path: Path) -> None:
    finding = check_disk(tmp_path, least=10**18)
    assert finding.state == "warning"
    assert "MB are free" in finding.message
    assert finding.cure
