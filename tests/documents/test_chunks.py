"""What holds for the chunks of every document."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.core.document import Document, Section
from ragchat.documents.split import split, token_count
from ragchat.errors import DocumentError
from tests.documents.reading import chunks, document, places

LINES = st.sampled_from(
    [
        "", " ", "\t", "---", "===", "# One", "## Two ##", "#hashtag", "   ### Three", "```", "````py", "~~~",
        "  ```", "- item", "  - nested. More.", "1. ```sh", "> quoted", "| a | b |", "  | indented |", "<!-- note",
        "end -->", "<!-- short -->", "A sentence. And another!", "    code()", "\u3000全角。", "title: Bread",
        "a\u2028# b", "\x0b", "word " * 60, "x" * 700, "etc.", "...", "`",
    ]
)  # fmt: skip
TEXTS = st.lists(LINES, max_size=25).map("\n".join) | st.text(max_size=80)


@pytest.mark.parametrize("name", ["a.md", "a.txt"])
@given(text=TEXTS, target=st.integers(1, 120))
def test_every_visible_character_lies_in_exactly_one_chunk_at_its_true_line(
    name: str, text: str, target: int
) -> None:
    if not text.strip() or "\0" in text:
        return
    read = document(name, text)
    found = list(split(read, target))
    for chunk in found:
        assert chunk.text == read.text[chunk.start : chunk.end]
        assert not chunk.text[0].isspace()
        first = read.text.count("\n", 0, chunk.start) + 1
        assert chunk.place.start == first
        assert chunk.place.end == first + chunk.text.rstrip().count("\n")
    assert "".join(chunk.text for chunk in found) == read.text.lstrip()
    assert all(before.end == after.start for before, after in pairwise(found))
    assert len({chunk.id for chunk in found}) == len(found)


@given(text=TEXTS)
def test_equal_input_gives_equal_chunks_and_another_file_others(text: str) -> None:
    if not text.strip() or "\0" in text:
        return
    assert chunks("a.md", text) == chunks("a.md", text)
    here, there = ({chunk.id for chunk in chunks(name, text)} for name in ("a.md", "b.md"))
    assert not here & there


@given(text=TEXTS, target=st.integers(10, 120))
def test_no_chunk_is_much_longer_than_its_target(text: str, target: int) -> None:
    whole = Document("a", text, "", (Section(0, len(text)),))
    assert all(token_count(chunk.text) <= 2.25 * target for chunk in split(whole, target))


def test_sentences_are_packed_to_the_target_and_a_short_remainder_is_not_left_alone() -> None:
    text = "One two three four five. " * 50
    sizes = [token_count(chunk.text) for chunk in chunks("a.txt", text + "End.")]
    assert sizes == [96, 96, 110]


def test_code_is_cut_at_the_ends_of_lines() -> None:
    text = "```\n" + "".join(f"    call_{number}(a, b)\n" for number in range(60)) + "```"
    found = chunks("a.md", text)
    assert len(found) > 1
    assert all(
        chunk.text.startswith(("```", "call_")) and chunk.text.rstrip().endswith((")", "```")) for chunk in found
    )


def test_lines_without_stops_are_cut_between_lines() -> None:
    text = "\n".join(f"2024-01-01 12:00:{number:02} service started on port {number}" for number in range(60))
    assert all(chunk.text.startswith("2024") for chunk in chunks("a.log", text))


def test_one_endless_word_is_cut_and_nothing_of_it_is_lost() -> None:
    found = chunks("a.txt", "A" * 100_000)
    assert "".join(chunk.text for chunk in found) == "A" * 100_000
    assert max(len(chunk.text) for chunk in found) <= 2_500


def test_a_chunk_stands_under_its_title_and_headings() -> None:
    found = chunks("soups.md", "# Soups\n\nAll of them.\n\n## Red\n\nBeet.\n")
    assert [chunk.heading for chunk in found] == ["Soups", "Soups › Red"]
    assert [chunk.heading for chunk in chunks("notes.txt", "Beet.")] == ["notes"]


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    text = "\r\n\r\nFirst paragraph.\r\n" + "Word " * 150 + "\r\rLast one.\u2028Still it."
    assert [(place.start, place.end) for _, place in places("a.txt", text)] == [(3, 3), (4, 6)]


PIECES = [
    "a", " ", "\n", ".", '"', "#", "`", "*", "_", "[", "(", "|", "-", "=", "\t", "é", "日", "\u0301", "。",
    "[x](", "`a", "- ", "# a\n", "> ", "|a|\n", "```\n", "<!--\n", "1. ", "\n \n", "{", "[1,", '{"a":', "a,b\n",
    '"\n', "\\ud800", "a\nb\n---\n", "\u2028", "[x](y) ",
]  # fmt: skip


@pytest.mark.parametrize("name", ["a.md", "a.txt", "a.csv", "a.json", "a.jsonl"])
@pytest.mark.parametrize("piece", PIECES)
def test_many_thousands_of_one_piece_are_read_or_refused(name: str, piece: str) -> None:
    text = piece * (200_000 // len(piece))
    try:
        found = chunks(name, text)
    except DocumentError as error:
        assert error.message.endswith(".")
    else:
        assert sum(len(chunk.text) for chunk in found) <= 3 * len(text)
        assert max(len(chunk.heading) for chunk in found) < 1_500
