"""Answers are wrapped at words while they arrive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.terminal.cells import cells, crop, head
from ragchat.terminal.wrap import Wrap, wrapped

_PIECE = st.text(alphabet="ab1-.[] \n漢👩\u200d\ufe0f❤\u0301", max_size=60)
_WIDTH = st.integers(min_value=20, max_value=50)


@given(st.lists(_PIECE, max_size=8), _WIDTH)
def test_pieces_are_wrapped_like_the_whole(pieces: list[str], width: int) -> None:
    wrap = Wrap()
    streamed = "".join(wrap.feed(piece, width) for piece in pieces) + wrap.flush(width)
    assert streamed == wrapped("".join(pieces), width)


@given(_PIECE, _WIDTH)
def test_no_line_is_wider_than_the_screen(text: str, width: int) -> None:
    assert all(cells(line) <= width for line in wrapped(text * 4, width).split("\n"))


@given(_PIECE, _WIDTH)
def test_no_visible_character_is_lost(text: str, width: int) -> None:
    assert wrapped(text, width).translate({32: None, 10: None}) == text.translate({32: None, 10: None})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one two three four five", "one two three four\nfive"),
        ("- one two three four five", "- one two three four\n  five"),
        ("  12. one two three four", "  12. one two three\n      four"),
        ("def f():\n    return  1\n", "def f():\n    return  1\n"),
        ("a\n\n\nb", "a\n\n\nb"),
        ("x " + "w" * 25 + " y", "x\n" + "w" * 20 + "\nwwwww y"),
        ("漢字" * 6, "漢字" * 5 + "\n漢字"),
        ("exactly twenty cells", "exactly twenty cells"),
    ],
)
def test_lines_keep_their_shape(text: str, shown: str) -> None:
    assert wrapped(text, 20) == shown


def test_only_the_unfinished_word_is_held_back() -> None:
    wrap = Wrap()
    assert wrap.feed("Salt slows the ye", 80) == "Salt slows the"
    assert wrap.feed("ast [1", 80) == " yeast"
    assert wrap.flush(80) == " [1"


def test_a_new_width_holds_from_the_next_word_on() -> None:
    wrap = Wrap()
    assert wrap.feed("one two three four ", 40) + wrap.feed("five six ", 20) == "one two three four\nfive six"


@pytest.mark.timeout(20)
def test_a_word_of_a_million_letters_takes_linear_time() -> None:
    assert wrapped("x" * 1_000_000, 80).count("\n") == 12_499


@given(_PIECE, st.integers(min_value=0, max_value=30))
def test_cropped_text_fits(text: str, room: int) -> None:
    line = text.replace("\n", " ")
    assert cells(crop(line, room)) <= room
    assert line.startswith(head(line, room))
