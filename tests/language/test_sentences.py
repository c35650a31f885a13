"""Where sentences begin and end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.language.sentences import sentence_spans


def sentences(text: str) -> list[str]:
    return [text[start:end].strip() for start, end in sentence_spans(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("Wait... what? Yes.", ["Wait... what?", "Yes."]),
        ('He said "stop." Then left.', ['He said "stop."', "Then left."]),
        (
            "Dr. Rao ate approx. 3.5 kg, i.e. too much. He slept.",
            ["Dr. Rao ate approx. 3.5 kg, i.e. too much.", "He slept."],
        ),
        ("Run pip install. then wait.", ["Run pip install. then wait."]),
        ("A wrapped\nline is one.", ["A wrapped\nline is one."]),
        ("No stop\n\nnext paragraph", ["No stop", "next paragraph"]),
        ("It is done.\n\nnpm is lower case.", ["It is done.", "npm is lower case."]),
        ("Salt, etc.\n \nPepper.", ["Salt, etc.", "Pepper."]),
        ("Buy:\n- milk\n  - cold\n12) eggs", ["Buy:", "- milk", "- cold", "12) eggs"]),
        ("| a |\n| b |\n> said\n# head", ["| a |", "| b |", "> said", "# head"]),
        (
            "# Boiler\nIt was mended.\n## Fault 28.\nNo gas",
            ["# Boiler", "It was mended.", "## Fault 28.", "No gas"],
        ),
        (
            "Boiler\n======\nMended\nin May.\n\nFaults\n--\nNone.",
            ["Boiler\n======", "Mended\nin May.", "Faults\n--", "None."],
        ),
        ("Not #1\nof all, #2\nit is.", ["Not #1\nof all, #2\nit is."]),
        ("米を洗う。水を入れる！炊く", ["米を洗う。", "水を入れる！", "炊く"]),
        ("दाल बनाओ। चावल भी।", ["दाल बनाओ।", "चावल भी।"]),
        ("[1] Done.[2] Next.", ["[1] Done.[2] Next."]),
        ("", []),
        (" \n\t", []),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, found: list[str]) -> None:
    assert sentences(text) == found


@given(
    st.text(alphabet="aA.!?…。\n \t\r\u3000\x0b\"'”)]*_-•1|>#=é", max_size=60),
    st.integers(0, 10),
    st.integers(0, 60),
)
def test_spans_follow_each_other_without_a_gap_and_begin_visibly(text: str, start: int, end: int) -> None:
    end = min(end, len(text))
    spans = list(sentence_spans(text, start, end))
    part = text[start:end]
    assert "".join(text[first:last] for first, last in spans) == part.lstrip()
    assert all(not text[first].isspace() for first, _ in spans)


@pytest.mark.parametrize(
    "piece",
    [".", "\n", " ", '"', "。", "।", "\n ", '.".', "- ", "\n- ", "1.", "e.g. ", "#", "# ", "# \n", "=", "a\n--\n"],
)
def test_a_megabyte_of_one_piece_is_read_to_its_end(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    assert "".join(text[start:end] for start, end in sentence_spans(text)) == text.lstrip()


def test_the_number_of_an_item_is_no_sentence() -> None:
    text = "1. Days 1 and 2: stir. Wait.\n2. Days 3 to 7: feed. It was in 1931. Then it rained."
    assert [text[start:end].strip() for start, end in sentence_spans(text)] == [
        "1. Days 1 and 2: stir.",
        "Wait.",
        "2. Days 3 to 7: feed.",
        "It was in 1931.",
        "Then it rained.",
    ]
