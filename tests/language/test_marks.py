"""What a mark is, and where a quotation begins and ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.language.marks import MARK, Quotations


def quoted(*texts: str) -> list[str]:
    """The quoted pieces of a text that arrives in `texts`."""
    quotations = Quotations()
    return [piece for text in texts for piece, inside in quotations.split(text) if inside and piece]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("He said “stop [1]” and left [2].", ["“stop [1]”"]),
        ("“One.” [1] “Two.” [2]", ["“One.”", "“Two.”"]),
        ("(“One”)", ["“One”"]),
        ("„Brot“ [1] und „Reis.“ [2]", []),
        ("5” wide [1]", []),
        ("“a “b” c", ["“a “b”"]),
        ("“open [1]\nstill", ["“open [1]\nstill"]),
        ("“open\n\nclosed [1]", ["“open\n\n"]),
        ("", []),
    ],
)
def test_quotations_are_told_from_the_text_around_them(text: str, found: list[str]) -> None:
    assert quoted(text) == found


@given(st.text(alphabet="a“”\n .[1]", max_size=30), st.integers(0, 30))
def test_a_text_in_two_pieces_is_split_like_the_whole(text: str, cut: int) -> None:
    assert "".join(piece for piece, _ in Quotations().split(text)) == text
    assert "".join(quoted(text[:cut], text[cut:])) == "".join(quoted(text))


@pytest.mark.parametrize(
    ("text", "numbers"), [("a [1][23] b[4]", ["1", "23", "4"]), ("[0] [01] [100] [ 1 ] [a]", [])]
)
def test_a_mark_is_a_number_of_one_or_two_digits_in_brackets(text: str, numbers: list[str]) -> None:
    assert MARK.findall(text) == numbers
