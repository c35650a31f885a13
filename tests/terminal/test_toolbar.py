"""The line at the bottom of the prompt."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.conversation.summary import Summary
from ragchat.terminal.cells import cells
from ragchat.terminal.toolbar import Part, fitted, parts, room_beside, toolbar

_CHAIN = "groq · openai/gpt-oss-20b → ollama (not running) → extractive"
_SPENT = Summary(written=2, providers=(("groq", 2),), cost=Decimal("0.0012"))


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (
            120,
            "How long does the loaf… · 12 % context · $0.0012"
            " · groq · openai/gpt-oss-20b → ollama (not running) → extractive",
        ),
        (80, "How long do… · 12 % context · $0.0012 · groq · openai/gpt-oss-20b → ollama (not…"),
        (60, "How long do… · 12 % context · $0.0012 · groq · openai/gpt-o…"),
        (48, "12 % context · $0.0012 · groq · openai/gpt-oss-…"),
        (30, "$0.0012 · groq · openai/gpt-o…"),
        (20, "$0.0012"),
    ],
)
def test_what_matters_least_gives_way(columns: int, shown: str) -> None:
    state = parts("How long does the loaf cool on its rack?", (984, 8192), _SPENT, _CHAIN)
    assert fitted(state, columns) == shown


def _told(summary: Summary = _SPENT, context: tuple[int | None, int | None] = (None, None), name: str = "") -> str:
    return fitted(parts(name, context, summary, "groq"), 80)


def test_what_is_not_known_yet_has_no_place() -> None:
    assert _told(Summary()) == "groq"
    assert _told(context=(0, 8192)) == "$0.0012 · groq"


def test_a_context_of_unknown_size_is_told_in_tokens() -> None:
    assert _told(context=(1240, None)) == "1,240 tokens of context · $0.0012 · groq"


@pytest.mark.parametrize(
    ("cost", "said"), [("0", "cost unknown"), ("0.00001", "cost unknown"), ("0.0012", "at least $0.0012")]
)
def test_an_unknown_cost_is_kept_apart(cost: str, said: str) -> None:
    assert (
        _told(Summary(written=2, providers=(("x", 2),), cost=Decimal(cost), unknown_costs=1)) == f"{said} · groq"
    )


def test_a_name_is_shown_as_visible_text() -> None:
    assert _told(name="bread\x1b]0;x\x07\nand") == "bread and · $0.0012 · groq"


@given(
    st.lists(st.builds(Part, st.text("ab漢字 ", min_size=1), st.integers(0, 9), st.integers(1, 30)), max_size=6),
    st.integers(0, 120),
)
def test_whatever_is_told_fits(state: list[Part], room: int) -> None:
    assert cells(fitted(state, room)) <= room


@given(st.text(max_size=100), st.text("ab漢字 ", max_size=30), st.integers(1, 100))
def test_the_line_is_as_wide_as_the_window_and_ends_with_the_mode(state: str, mode: str, columns: int) -> None:
    line = toolbar(state, mode, columns)
    assert cells(line) <= columns
    if cells(mode) <= columns:
        assert line.endswith(mode)
        assert cells(line) == columns


def test_the_room_is_what_the_mode_leaves() -> None:
    assert (room_beside("", 80), room_beside("multi-line", 80), room_beside("multi-line", 5)) == (80, 68, 0)
