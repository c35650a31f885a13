"""Why these passages: what was found, by whom, what was read, and what was dropped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ragchat.core.passage import Dropped, Scores, Search
from ragchat.core.place import Place
from ragchat.terminal.views.why import why
from tests.terminal.screens import screen
from tests.terminal.scripted import answer, passage

if TYPE_CHECKING:
    from ragchat.core.answer import Answer

_HERE = Path.cwd()
_FOOD = _HERE / "data/food"


def _answer() -> Answer:
    """Two passages, of which one was read; a neighbour, a copy and one below them; an invention."""
    passages = (
        replace(passage(1), scores=Scores(0.634, 1, 8.24, 3, 0.91)),
        replace(passage(2, "Rye keeps for a week.", "guides/rye.md", 7), scores=Scores(0.41, 12, 0.0, None, 0.33)),
    )
    dropped = (
        Dropped(
            str(_FOOD / "guides/bread.md"), Place.lines(43, 44), 0.7, Scores(0.5, 4, 2.0, 7, 0.6), "joined", 1
        ),
        Dropped(str(_FOOD / "copy.md"), Place.lines(1, 2), 0.69, Scores(0.6, 2, 8.1, 4, 0.9), "copy", 1),
        Dropped(str(_FOOD / "tea.txt"), Place.lines(1, 2), 0.3, Scores(0.2, None, 1.0, 9, 0.2), "below"),
    )
    return replace(
        answer("Wrap it [1].", passages=passages),
        read=1,
        unsupported=("Bread keeps for ninety days in the fridge of anybody.",),
        search=Search("How long does a loaf of bread keep?", 143, 60, dropped),
    )


def test_at_80_columns_it_is_a_table() -> None:
    assert why(_answer(), _HERE, 80).plain == (
        "searched for: How long does a loaf of bread keep?\n"
        "143 chunks found · 60 looked at again\n"
        "\n"
        "                                    score  fused    dense   words\n"
        "1. data/food/guides/bread.md:41-42    .86    .91   .63 #1  8.2 #3  cited\n"
        "2. data/food/guides/rye.md:7          .81    .33  .41 #12          no room\n"
        "\n"
        "dropped\n"
        "                                   score  fused   dense   words\n"
        "- data/food/guides/bread.md:43-44    .70    .60  .50 #4  2.0 #7  part of 1\n"
        "- data/food/copy.md:1-2              .69    .90  .60 #2  8.1 #4  same as 1\n"
        "- data/food/tea.txt:1-2              .30    .20     .20  1.0 #9  below\n"
        "and 55 below them\n"
        "\n"
        "unsupported\n"
        "- Bread keeps for ninety days in the fridge of anybody."
    )


def test_with_less_room_the_column_that_says_least_goes() -> None:
    lines = why(_answer(), _HERE, 72).plain.split("\n")
    assert lines[3:5] == [
        "                                    score    dense   words",
        "1. data/food/guides/bread.md:41-42    .86   .63 #1  8.2 #3  cited",
    ]


def test_at_40_columns_each_has_lines_of_its_own() -> None:
    assert why(_answer(), _HERE, 40).plain == (
        "searched for: How long does a loaf of\n"
        "bread keep?\n"
        "143 chunks found · 60 looked at again\n"
        "\n"
        "1. data/food/guides/bread.md:41-42\n"
        "   cited · score .86 · fused .91\n"
        "   dense .63 #1 · words 8.2 #3\n"
        "2. data/food/guides/rye.md:7\n"
        "   no room · score .81 · fused .33\n"
        "   dense .41 #12\n"
        "\n"
        "dropped\n"
        "- data/food/guides/bread.md:43-44\n"
        "   part of 1 · score .70 · fused .60\n"
        "   dense .50 #4 · words 2.0 #7\n"
        "- data/food/copy.md:1-2\n"
        "   same as 1 · score .69 · fused .90\n"
        "   dense .60 #2 · words 8.1 #4\n"
        "- data/food/tea.txt:1-2\n"
        "   below · score .30 · fused .20\n"
        "   dense .20 · words 1.0 #9\n"
        "and 55 below them\n"
        "\n"
        "unsupported\n"
        "- Bread keeps for ninety days in the\n"
        "  fridge of anybody."
    )


@pytest.mark.parametrize("width", range(20, 100))
def test_at_any_width_only_a_place_is_wider(width: int) -> None:
    lines = why(_answer(), _HERE, width).plain.split("\n")
    assert [line for line in lines if len(line) > width and "data/food" not in line] == []
    assert [line for line in lines if "cited" in line]


def test_by_words_alone_there_is_no_column_for_meaning() -> None:
    worded = replace(_answer(), search=None, unsupported=())
    passages = [replace(one, scores=Scores(None, None, 3.25, one.rank, 0.5)) for one in worded.passages]
    assert why(replace(worded, passages=tuple(passages)), _HERE, None).plain.split("\n")[0].split() == [
        "score",
        "fused",
        "words",
    ]


def test_an_answer_of_which_no_more_is_known_has_its_passages_alone() -> None:
    assert why(answer("x [1]"), _HERE, None).plain == (
        "                                    score\n"
        "1. data/food/guides/bread.md:41-42    .86  cited\n"
        "2. data/food/guides/rye.md:7          .81  no room"
    )


def test_without_a_passage_it_says_what_was_searched_for() -> None:
    nothing = replace(answer("x", cited=False), passages=(), search=Search("zqxj?"))
    assert why(nothing, _HERE, 80).plain == "searched for: zqxj?\n0 chunks found · 0 looked at again"


def test_hostile_text_is_shown_as_visible_text() -> None:
    hostile = replace(
        _answer(), unsupported=("a\x1b]52;c;ZXZpbA==\x07b\u202e",), search=Search("how\x1b[2J\nlong?\x9b31m", 1, 1)
    )
    terminal, shown = screen(80)
    terminal.out.print(why(hostile, _HERE, 80))
    assert "searched for: how long?" in shown.getvalue()
    assert shown.getvalue().endswith("\n- ab\n")
    assert "\x1b[2J" not in shown.getvalue()
    assert "\x9b" not in shown.getvalue()
