"""Places say the true lines and narrow with their text."""

from __future__ import annotations

from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.core.place import Place, relative_source

TEXT = st.text(alphabet="ab \n\t", max_size=40)


@pytest.mark.parametrize(
    ("place", "suffix"),
    [
        (Place.lines(5, 7), ":5-7"),
        (Place.lines(5, 5), ":5"),
        (Place("page", 3, 3), " p. 3"),
        (Place("page", 3, 4), " p. 3-4"),
        (Place("record", 4, 4), " record 4"),
        (Place("record", 4, 4, 9), ":9"),
        (Place("path", "$.menu[2]", "$.menu[2]"), " $.menu[2]"),
        (Place("path", "$.menu", "$.menu", 2), ":2"),
    ],
)
def test_a_place_shows_what_leads_to_it(place: Place, suffix: str) -> None:
    assert place.suffix() == suffix


def test_a_place_tells_programs_its_line_only_where_that_says_more() -> None:
    assert Place.lines(5, 7).as_json() == {"kind": "lines", "start": 5, "end": 7}
    assert Place("record", 4, 4, 9).as_json() == {"kind": "record", "start": 4, "end": 4, "line": 9}
    assert Place("page", 1, 2).as_json() == {"kind": "page", "start": 1, "end": 2}


@given(TEXT, TEXT, TEXT)
def test_the_place_of_a_part_counts_from_its_first_visible_character_to_its_last(
    before: str, part: str, after: str
) -> None:
    text = before + part + after
    place = Place.lines(10, 10 + text.count("\n")).within(text, len(before), len(before) + len(part))
    visible = [
        10 + text.count("\n", 0, offset)
        for offset in range(len(before), len(before) + len(part))
        if not text[offset].isspace()
    ]
    if visible:
        assert (place.start, place.end, place.line) == (visible[0], visible[-1], visible[0])


@pytest.mark.parametrize("place", [Place("record", 4, 4, 9), Place("page", 2, 2), Place("path", "$.a", "$.a", 1)])
def test_only_lines_are_narrowed(place: Place) -> None:
    assert place.within("a\nb\nc", 2, 3) == place


@pytest.mark.parametrize(
    ("first", "last", "whole"),
    [
        (Place.lines(3, 4), Place.lines(6, 9), Place.lines(3, 9)),
        (Place("page", 2, 2), Place("page", 3, 3), Place("page", 2, 3)),
        (Place("page", 2, 2), Place.lines(3, 3), Place("page", 2, 2)),
    ],
)
def test_a_place_reaches_until_another_of_its_kind(first: Place, last: Place, whole: Place) -> None:
    assert first.until(last) == whole


@pytest.mark.parametrize(
    ("source", "directory", "shown"),
    [
        ("/tmp/x", "/", "tmp/x"),
        ("/tmp/x", "/tmp", "x"),
        ("/tmp/x", "/tm", "/tmp/x"),
        ("/tmp", "/tmp", "."),
        ("https://example.org//x", "/tmp", "https://example.org//x"),
    ],
)
def test_a_source_is_relative_to_a_directory_that_it_lies_below(source: str, directory: str, shown: str) -> None:
    assert relative_source(source, PurePath(directory)) == shown
