"""Text from documents and models never reaches the terminal as anything but visible text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ragchat.terminal.sanitise import Sanitiser, visible, visible_line

_NASTY = st.sampled_from(
    ["\x1b", "[", "]", "\x9b", "\x9d", "P", "\x07", "\\", "\x9c", "\r", "\n", "\t", "0;", "m", "(", " ", "\u202e"]
)
_TEXT = st.lists(st.one_of(_NASTY, st.characters(categories=None)), max_size=40).map("".join)


@given(_TEXT)
@example("\x1b\x1b]\x1b")
def test_nothing_but_visible_text_and_line_ends_is_left(text: str) -> None:
    shown = visible(text)
    unseen = [c for c in shown if unicodedata.category(c) in {"Cc", "Cs"} and c != "\n"]
    assert unseen == []
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff\u2028\u2029")


@given(st.lists(_TEXT, max_size=6))
@example(["a\r", "\nb"])
@example(["\x1b", "]52;c;ZXZpbA==", "\x07b"])
def test_text_cut_into_pieces_is_shown_like_the_whole(pieces: list[str]) -> None:
    sanitiser = Sanitiser()
    assert "".join(map(sanitiser.feed, pieces)) == visible("".join(pieces))


@given(_TEXT)
def test_visible_text_stays_as_it_is(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("a\x1b[31mred\x1b[0m", "ared"),
        ("a\x1b[2J\x1b[Hb", "ab"),
        ("a\x9b31mb", "ab"),
        ("a\x1b]0;title\x07b", "ab"),
        ("a\x1b]52;c;ZXZpbA==\x1b\\b", "ab"),
        ("a\x9d52;c;ZXZpbA==\x9cb", "ab"),
        ("a\x1bPq#0;2;0\x1b\\b", "ab"),
        ("a\x1b]8;;http://evil\x1b\\b\x1b]8;;\x1b\\c", "abc"),
        ("a\x1b(0b", "ab"),
        ("a\x1bcb", "ab"),
        ("a\x1b]never ended\nb", "a\nb"),
        ("a\x1bé", "aé"),
        ("a\x1b[3\nb", "a\nb"),
    ],
)
def test_an_escape_sequence_is_removed_whole(hostile: str, shown: str) -> None:
    assert visible(hostile) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\r\nb\rc\x0bd\x0ce\u2028f\u2029g\x85h", "a\nb\nc\nd\ne\nf\ng\nh"),
        ("a\tb", "a    b"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("[bold]not markup[/bold] :smile:", "[bold]not markup[/bold] :smile:"),
        ("नमस्ते, می‌خواهم, 👩‍🍳, 漢字", "नमस्ते, می‌خواهم, 👩‍🍳, 漢字"),
    ],
)
def test_what_a_person_can_read_is_kept(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize("unit", ["a", "\x1b", "\x1b[", "\x1b]", "\x9b1;", "\r", "\u202e"])
@pytest.mark.timeout(20)
def test_a_line_of_a_million_characters_takes_linear_time(unit: str) -> None:
    assert "\x1b" not in visible(unit * (1_000_000 // len(unit)))


def test_a_visible_line_has_no_line_end() -> None:
    assert visible_line(" a\n\tb\x1b[31m  c ") == "a b c"
