"""Source paths as a person sees them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.core.place import Place
from ragchat.terminal.paths import location, shown_path

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


def test_a_link_cannot_be_ended_by_a_file_name() -> None:
    text = location("/home/ann/notes/a\x1b\\b\x07.md", None, _HERE)
    links = [span.style.link for span in text.spans if not isinstance(span.style, str)]
    assert links == ["file:///home/ann/notes/a%1B%5Cb%07.md"]


def test_a_name_no_file_can_have_is_not_linked() -> None:
    assert location("/home/ann/\ud800.md", None, _HERE).spans == []
