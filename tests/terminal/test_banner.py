"""What stands above the first prompt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.generation.chain.links import Link
from ragchat.terminal.cells import cells
from ragchat.terminal.views.banner import banner

_LINKS = (
    Link("groq", "openai/gpt-oss-20b"),
    Link("ollama", "", "not running"),
    Link("extractive", "extractive"),
)


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (
            120,
            "ragchat 0.1.0 · /help lists the commands, Ctrl-D leaves\n"
            "food · 222 documents · groq · openai/gpt-oss-20b → ollama (not running) → extractive",
        ),
        (
            80,
            "ragchat 0.1.0 · /help lists the commands, Ctrl-D leaves\n"
            "food · 222 documents\n"
            "groq · openai/gpt-oss-20b → ollama (not running) → extractive",
        ),
        (
            60,
            "ragchat 0.1.0 · /help lists the commands, Ctrl-D leaves\n"
            "food · 222 documents\n"
            "groq · gpt-oss-20b → ollama (not running) → extractive",
        ),
        (
            40,
            "ragchat 0.1.0 · /help · Ctrl-D leaves\n"
            "food · 222 documents\n"
            "groq → ollama (not running) → extractive",
        ),
        (20, "/help, Ctrl-D leaves\nfood · 222 documents\ngroq → ollama (not…"),
    ],
)
def test_the_banner_says_what_is_asked_and_who_answers(width: int, shown: str) -> None:
    assert banner("0.1.0", "food", 222, _LINKS, width).plain == shown


@given(st.text(max_size=60), st.text(max_size=60), st.integers(0, 10**9), st.integers(20, 200))
def test_whatever_its_names_the_banner_has_three_lines_that_fit(
    collection: str, model: str, documents: int, width: int
) -> None:
    shown = banner("0.1.0", collection, documents, (Link("openai", model), *_LINKS), width).plain
    assert len(shown.splitlines()) <= 3
    assert max(map(cells, shown.split("\n"))) <= width
