"""What was typed is kept for its owner alone, and shared by conversations that run at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.terminal.history import OwnerOnlyHistory


def _lines(path: Path) -> list[str]:
    return OwnerOnlyHistory(path).load_history_strings()


def test_lines_are_kept_newest_first_in_a_file_only_its_owner_can_read(tmp_path: Path) -> None:
    path = tmp_path / "history"
    history = OwnerOnlyHistory(path)
    history.append_string("first")
    history.append_string("two\nlines")
    assert path.stat().st_mode & 0o777 == 0o600
    assert _lines(path) == ["two\nlines", "first"]


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_text("\n# 2026-01-01\n+old\n", "utf-8")
    path.chmod(0o644)
    assert _lines(path) == ["old"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_two_conversations_see_what_the_other_has_added(tmp_path: Path) -> None:
    one, other = OwnerOnlyHistory(tmp_path / "history"), OwnerOnlyHistory(tmp_path / "history")
    for history, line in ((one, "a"), (other, "b"), (one, "c")):
        history.append_string(line)
    assert one.load_history_strings() == other.load_history_strings() == ["c", "b", "a"]


def test_a_line_typed_twice_in_a_row_is_kept_once_whoever_typed_it(tmp_path: Path) -> None:
    one, other = OwnerOnlyHistory(tmp_path / "history"), OwnerOnlyHistory(tmp_path / "history")
    for history, line in ((one, "a"), (one, "a"), (other, "a"), (one, "b"), (other, "a")):
        history.append_string(line)
    assert _lines(tmp_path / "history") == ["a", "b", "a"]


def test_a_line_that_begins_with_a_space_is_not_kept(tmp_path: Path) -> None:
    history = OwnerOnlyHistory(tmp_path / "history")
    history.append_string(" secret")
    assert history.load_history_strings() == []


def test_only_the_newest_lines_stay_each_with_its_time(tmp_path: Path) -> None:
    path = tmp_path / "history"
    entries = [f"\n# time {number}\n+line {number}\n+more\n" for number in range(8)]
    path.write_text("".join(entries), "utf-8")
    history = OwnerOnlyHistory(path, limit=3)
    assert history.load_history_strings() == [f"line {number}\nmore" for number in (7, 6, 5)]
    assert path.read_text("utf-8") == "".join(entries[5:])
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
    history.append_string("new")
    assert history.load_history_strings() == ["new", "line 7\nmore", "line 6\nmore", "line 5\nmore"]


_WRITER = """
import sys
from pathlib import Path
from ragchat.terminal.history import OwnerOnlyHistory
for number in range(100):
    if number % 10 == 0:
        history = OwnerOnlyHistory(Path(sys.argv[1]), limit=150)
        history.load_history_strings()
    history.append_string(f"{sys.argv[2]} {number}\\n" + "x" * 500)
"""


def test_lines_of_processes_that_write_and_trim_at_once_stay_whole(tmp_path: Path) -> None:
    path = tmp_path / "history"
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(path), name], cwd=Path.cwd()) for name in "abcd"
    ]
    assert [writer.wait() for writer in writers] == [0] * 4
    lines = OwnerOnlyHistory(path, limit=150).load_history_strings()
    assert len(lines) == 150
    assert all(line.endswith("\n" + "x" * 500) for line in lines)
    for name in "abcd":
        numbers = [int(line.split()[1]) for line in reversed(lines) if line.startswith(name)]
        assert numbers == list(range(100 - len(numbers), 100))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_any_text_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("history") / "history"
    history = OwnerOnlyHistory(path)
    for text in texts:
        history.store_string(text)
    apart = [text for number, text in enumerate(texts) if number == 0 or text != texts[number - 1]]
    assert _lines(path) == history.load_history_strings() == apart[::-1]


def test_bytes_that_are_not_text_do_no_harm(tmp_path: Path) -> None:
    history = OwnerOnlyHistory(tmp_path / "history")
    history.append_string("lone \udcff\0 byte")
    assert history.load_history_strings() == ["lone ? byte"]


def test_a_file_that_cannot_be_used_is_told_once_and_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    history = OwnerOnlyHistory(tmp_path / "file/history")
    history.append_string("x")
    assert history.failure == "Not a directory"
    history.failure = None
    history.append_string("y")
    assert history.load_history_strings() == ["y", "x"]
    assert history.failure is None


@pytest.mark.parametrize("garbage", [b"\x7fELF\n+\0\n", b"Dear diary,\n"])
def test_a_file_that_holds_something_else_is_left_as_it_is(tmp_path: Path, garbage: bytes) -> None:
    path = tmp_path / "history"
    path.write_bytes(garbage)
    history = OwnerOnlyHistory(path)
    history.append_string("x")
    assert history.failure == "it holds something else"
    assert history.load_history_strings() == ["x"]
    assert path.read_bytes() == garbage
