"""What was typed is kept for its owner alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat.terminal.history import OwnerOnlyHistory

if TYPE_CHECKING:
    from pathlib import Path


def test_lines_are_kept_newest_first_in_a_file_only_its_owner_can_read(tmp_path: Path) -> None:
    path = tmp_path / "history"
    history = OwnerOnlyHistory(path)
    history.store_string("first")
    history.store_string("two\nlines")
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(OwnerOnlyHistory(path).load_history_strings()) == ["two\nlines", "first"]


def test_two_conversations_append_to_one_file(tmp_path: Path) -> None:
    one, other = OwnerOnlyHistory(tmp_path / "history"), OwnerOnlyHistory(tmp_path / "history")
    for history, line in ((one, "a"), (other, "b"), (one, "c")):
        history.store_string(line)
    assert list(one.load_history_strings()) == ["c", "b", "a"]


def test_bytes_that_are_not_text_do_no_harm(tmp_path: Path) -> None:
    history = OwnerOnlyHistory(tmp_path / "history")
    history.store_string("lone \udcff byte")
    assert list(history.load_history_strings()) == ["lone ? byte"]


def test_a_file_that_cannot_be_used_is_told_and_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    history = OwnerOnlyHistory(tmp_path / "file/history")
    history.store_string("x")
    assert isinstance(history.failure, NotADirectoryError)
    history.failure = None
    assert history.load_history_strings() == []
