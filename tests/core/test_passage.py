"""A passage and each part of it lie where the document has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.core.document import Chunk
from ragchat.core.passage import Passage
from ragchat.core.place import Place

if TYPE_CHECKING:
    from ragchat.core.place import Kind

TEXT = st.text(alphabet="ab \n\t", max_size=40)


def chunk(text: str, place: Place, start: int = 0) -> Chunk:
    return Chunk("d", "/docs/s", text, start, start + len(text), "", place)


def joined(*parts: tuple[str, Place]) -> Passage:
    """The second part found, the others around it."""
    before, hit, after = (chunk(*part) for part in parts)
    return Passage(hit, 1, 1.0, (), before, after)


@given(before=TEXT, text=TEXT, after=TEXT, data=st.data())
def test_a_passage_of_lines_and_each_part_of_it_lie_in_their_true_lines(
    before: str, text: str, after: str, data: st.DataObject
) -> None:
    parts: list[tuple[str, Place]] = []
    line = 3
    for part in (f"x{before}", f"y{text}", f"z{after}"):
        parts.append((part, Place.lines(line, line + part.rstrip().count("\n"))))
        line += part.count("\n")
    passage = joined(*parts)
    assert passage.text == f"x{before}y{text}z{after}"
    assert passage.place == Place.lines(3, 3 + passage.text.rstrip().count("\n"))
    start = data.draw(st.integers(0, len(passage.text) - 1))
    end = data.draw(st.integers(start + 1, len(passage.text)))
    seen = [offset for offset in range(start, end) if not passage.text[offset].isspace()]
    if seen:
        first, last = (3 + passage.text.count("\n", 0, offset) for offset in (seen[0], seen[-1]))
        assert passage.place_of(start, end) == Place.lines(first, last)


# Lines without `line` are those of HTML, which cannot be counted in the text.
@pytest.mark.parametrize("kind", ["page", "lines", "paragraph", "cell", "record"])
@pytest.mark.parametrize(
    ("part", "start", "end"),
    [("One. ", 1, 1), ("Two.", 2, 2), (" Two.", 2, 2), ("Three", 3, 3), ("One. Two", 1, 2), (". Three", 2, 3)],
)
def test_a_part_that_comes_from_a_neighbour_lies_where_the_neighbour_does(
    kind: Kind, part: str, start: int, end: int
) -> None:
    passage = joined(("One. ", Place(kind, 1, 1)), ("Two. ", Place(kind, 2, 2)), ("Three.", Place(kind, 3, 3)))
    at = passage.text.index(part)
    assert passage.place_of(at, at + len(part)) == Place(kind, start, end)
    assert passage.place == Place(kind, 1, 3)


def test_nothing_visible_lies_where_the_passage_does() -> None:
    passage = Passage(chunk(" ", Place("page", 2, 2)), 1, 1.0, ())
    assert passage.place_of(0, 1) == passage.place == Place("page", 2, 2)
