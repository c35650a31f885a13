"""Text as the terms it is found by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.language.terms import STOPWORDS, query_terms, terms, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The Quick-Fox", ["the", "quick", "fox"]),
        ("parseFile HTTPServer", ["parsefile", "parse", "file", "httpserver", "http", "server"]),
        ("parse_file", ["parse", "file"]),
        ("README RGB2 iOS17", ["readme", "rgb2", "ios17", "i", "os17"]),
        ("café Müller Ёлка ﬁn", ["cafe", "muller", "елка", "fin"]),
        ("cafe\u0301", ["cafe"]),
        ("味噌汁", ["味噌", "噌汁"]),
        ("米", ["米"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("ข้าว", ["ข้", "้า", "าว"]),
        ("... !! 🍚", []),
        ("", []),
    ],
)
def test_words_are_found_in_every_script(text: str, found: list[str]) -> None:
    assert words(text) == found


def test_inflections_share_a_term_and_repeat_as_often_as_they_occur() -> None:
    assert terms("Cooking cooked cooks") == ["cook"] * 3


def test_a_question_is_searched_by_its_content_words_once_each() -> None:
    assert query_terms("What is the spice in the Spices of the saag?") == ["spice", "saag"]


def test_a_question_of_function_words_is_searched_by_them() -> None:
    assert query_terms("Who are you?") == ["who", "are", "you"]
    assert query_terms("?") == []


def test_a_long_run_of_data_counts_as_its_beginning_and_unspaced_text_counts_whole() -> None:
    assert words("x" * 500) == ["x" * 64]
    assert words("米" * 100 + "酢")[-1] == "米酢"


def test_function_words_are_case_folded_words() -> None:
    assert {"the", "who", "t"} <= STOPWORDS
    assert all(words(word) == [word] for word in STOPWORDS)


@given(st.text(max_size=80))
def test_every_letter_and_digit_of_ascii_text_is_found(text: str) -> None:
    plain = text.encode("ascii", "ignore").decode().lower()
    assert "".join(words(plain)) == "".join(character for character in plain if character.isalnum())
