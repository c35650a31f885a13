"""Marks in a stream: made alike, dropped where they lead nowhere."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.language.marks import Quotations
from ragchat.pipeline.marks import MarkFilter

PIECE = st.sampled_from(
    ["[1]", "[2", "]", "[", " ", "  ", "[9]", "【3†source】", "[1, 2]", "[1,9]", "word", "\n", "xs[0]", "[1999]",
     "†", "“", "”", "“", "”", "[" + "x" * 39, "x" * 45, "[^1]", "【", "】", "and", "0", "1", ",", "."]
)  # fmt: skip
TEXT = st.lists(PIECE, max_size=12).map("".join)


def filtered(*pieces: str, passages: int = 3) -> tuple[str, int]:
    """What comes out, and how many marks were dropped."""
    marks = MarkFilter(passages)
    return "".join([*(marks.feed(piece) for piece in pieces), marks.flush()]), marks.dropped


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Bread [1].", "Bread [1]."),
        ("Bread 【2】.", "Bread [2]."),
        ("Bread【1†source】.", "Bread[1]."),
        ("Bread [1†L3-L9].", "Bread [1]."),
        ("Bread [1, 3].", "Bread [1][3]."),
        ("Bread [1; 2 and 3].", "Bread [1][2][3]."),
        ("Bread [1 & 2].", "Bread [1][2]."),
        ("Bread [ 1 ].", "Bread [1]."),
        ("Bread [[1]].", "Bread [[1]]."),
        ("Cool it for an hour[1].", "Cool it for an hour[1]."),
    ],
)
def test_marks_are_made_alike(written: str, shown: str) -> None:
    assert filtered(written) == (shown, 0)


@pytest.mark.parametrize(
    ("written", "shown", "dropped"),
    [
        ("Bread [4].", "Bread.", 1),
        ("Bread [1, 4].", "Bread [1].", 1),
        ("Bread [4][5] cools.", "Bread cools.", 2),
        ("Bread【99†source】", "Bread", 1),
        ("[7] Bread", " Bread", 1),
        ("Bread[1][7]", "Bread[1]", 1),
        ("Bread.[7]", "Bread.", 1),
        ("„Brot“ [7]", "„Brot“", 1),
        ("“Bread” [7]", "“Bread”", 1),
        ("“Bread\n\n[7] cools", "“Bread\n\n cools", 1),
    ],
)
def test_a_mark_that_leads_nowhere_goes_with_the_space_before_it(written: str, shown: str, dropped: int) -> None:
    assert filtered(written) == (shown, dropped)


def test_without_passages_every_mark_goes() -> None:
    assert filtered("Bread [1] cools [2].", passages=0) == ("Bread cools.", 2)


@pytest.mark.parametrize(
    "text",
    [
        "xs[0] = 1", "In [1999] and [2024] it was so.", "[a](b)", "[x] done", "[ ] open", "[^1]", "a[i]", "[]",
        "argv[7]", "grid[9][12]", "a[i][9]", "x_[4, 5]", "“See [12], argv[7] and [1, 2].”", "(“[9]”)",
        "[", "[1", "[01]", "[1-3]", "[100]", "[-1]", "[1.5]", "an end [", "a blank \n[note]", "[" + "9" * 60 + "]",
    ],
)  # fmt: skip
def test_what_is_no_mark_stays_as_it_is(text: str) -> None:
    assert filtered(text) == (text, 0)


def test_a_mark_cut_in_the_middle_is_held_back_until_it_is_whole() -> None:
    marks = MarkFilter(1)
    assert marks.feed("Bread [") == "Bread"
    assert marks.feed("1") == ""
    assert marks.feed("] cools") == " [1] cools"


def test_text_that_opens_a_bracket_and_never_closes_it_is_not_held_back_for_long() -> None:
    marks = MarkFilter(1)
    assert marks.feed("see [" + "long words " * 10).startswith("see [long words")


@given(TEXT, st.data())
def test_in_any_pieces_it_comes_out_the_same(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert filtered(*pieces) == filtered(text) == filtered(*text)


@given(TEXT.filter(lambda text: "[[" not in text), st.integers(0, 3))
def test_every_mark_that_is_left_leads_to_a_passage(text: str, passages: int) -> None:
    shown, _ = filtered(text, passages=passages)
    unquoted = "".join(piece for piece, quoted in Quotations().split(shown) if not quoted)
    without_indices = re.sub(r"\w(?:\[[^\[\]【】\n]{1,40}[\]】])+", "", unquoted)
    left = re.findall(r"(?<![\[【])\[([1-9]\d?)\]", without_indices)
    assert all(int(number) <= passages for number in left)
