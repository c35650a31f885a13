"""Source paths as a person sees them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.core.place import Place
from ragchat.terminal.paths import line_of, location, shown_path

_HERE = Path("/home/ann/notes")


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("/home/ann/notes/food/bread.md", "food/bread.md"),
        ("/home/ann/other.md", "/home/ann/other.md"),
        ("/home/ann/notes-old/a.md", "/home/ann/notes-old/a.md"),
        ("/home/ann/notes/a b\u3000漢字.md", "a b\u3000漢字.md"),
        ("/home/ann/notes/a\x1b]0;x\x07\n\u202eb", "a\\x1b]0;x\\x07\\n\\u202eb"),
        ("/home/ann/notes/\udcff.md", "\\xff.md"),
    ],
)
def test_a_source_is_shown_from_the_working_directory_with_unseen_characters_spelt_out(
    source: str, shown: str
) -> None:
    assert shown_path(source, _HERE) == shown


def test_a_source_is_shown_from_the_root_as_from_any_other_directory() -> None:
    assert shown_path("/tmp/x", Path("/")) == "tmp/x"


@given(st.text())
def test_no_name_holds_anything_unprintable(name: str) -> None:
    shown = shown_path(f"/home/ann/notes/{name}", _HERE)
    assert all(character.isprintable() or character.isspace() for character in shown)
    assert "\n" not in shown


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        (Place.lines(5, 7), "a.md:5-7"),
        (Place("page", 3, 3), "a.md p. 3"),
        (Place("record", 4, 4), "a.md record 4"),
        (None, "a.md"),
    ],
)
def test_a_location_ends_with_its_place(place: Place | None, shown: str) -> None:
    assert location("/home/ann/notes/a.md", place, _HERE).plain == shown


def test_a_location_is_a_link_where_the_file_is(tmp_path: Path) -> None:
    (tmp_path / "a\x1b\\b\x07;.md").touch()
    text = location("a\x1b\\b\x07;.md", None, tmp_path)
    assert [span.style.link for span in text.spans if not isinstance(span.style, str)] == [
        f"file://{tmp_path}/a%1B%5Cb%07%3B.md"
    ]
    assert location("gone.md", None, tmp_path).spans == []


def test_a_name_no_file_can_have_is_not_linked() -> None:
    assert location("/home/ann/\ud800.md", None, _HERE).spans == []


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (Place.lines(5, 7), 5),
        (Place("lines", 6, 9), 6),
        (Place("record", 4, 4, 8), 8),
        (Place("page", 3, 3), None),
        (None, None),
    ],
)
def test_a_place_begins_in_a_line_or_has_none(place: Place | None, line: int | None) -> None:
    assert line_of(place) == line
