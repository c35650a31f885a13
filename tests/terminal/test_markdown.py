"""Markdown is laid out while it arrives: the same lines whatever its pieces, and no word is lost."""

from __future__ import annotations

import inspect
import re
import sys
from itertools import pairwise
from typing import TYPE_CHECKING

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.terminal.cells import cells
from ragchat.terminal.markdown.writing import MarkdownWriting
from ragchat.terminal.window import Window
from tests.terminal.screens import screen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.text import Text

    from ragchat.terminal.marks import LinkOf

_SIGNS = st.sampled_from(
    ["a", "bc de ", " ", "\n", "\n\n", "*", "**", "_", "`", "```", "\n```py\n", "\n```\n", "- ", "\n- ", "\n  - ",
     "1. ", "\n2) ", "> ", "\n> ", "# ", "\n## ", "|", "\n|a|b|\n", "\n|-|-|\n", "a | b", "---", "\n---\n", "===",
     "[1]", "[", "](u)", "](http://x.y/z)", "!", "![", "<", "<http://a.b>", ">", "&amp;", "&", "\\", "~~", "~",
     "漢字", "👩‍👩‍👧", "“", "”", "    ", "<b>", "\n[1]: http://x\n", "  \n", "lorem ipsum dolor sit amet, ", "+ ",
     "x_y_z", "*a*", "**b c**", "`q r`"]
)  # fmt: skip
_MARKDOWN = st.lists(_SIGNS, max_size=30).map("".join)
_SIZES = st.lists(st.integers(min_value=1, max_value=9), min_size=1, max_size=12)
_WIDTH = st.integers(min_value=20, max_value=45)


def _nowhere(_number: int) -> str | None:
    return None


def _writing(link_of: LinkOf = _nowhere) -> MarkdownWriting:
    return MarkdownWriting(link_of, screen(200)[0].out)


def _pieces(text: str, sizes: Sequence[int]) -> Iterable[str]:
    """`text` in pieces of these sizes, again and again."""
    at = number = 0
    while at < len(text):
        size = sizes[number % len(sizes)]
        yield text[at : at + size]
        at, number = at + size, number + 1


def _lines(pieces: Iterable[str], width: int, link_of: LinkOf = _nowhere) -> list[Text]:
    writing = _writing(link_of)
    lines: list[Text] = []
    for piece in pieces:
        writing.feed(piece)
        lines += writing.step(width).settled
    return lines + writing.step(width, ended=True).settled


def _shown(text: str, width: int = 30) -> str:
    return "\n".join(line.plain.rstrip() for line in _lines([text], width))


def _styled(line: Text) -> list[tuple[str, set[str]]]:
    return [
        (sign, {str(span.style) for span in line.spans if span.start <= at < span.end})
        for at, sign in enumerate(line.plain)
    ]


def _on_screen(pieces: Iterable[str], columns: int, rows: int) -> list[str]:
    """All lines of a terminal, those that scrolled away too."""
    terminal, written = screen(columns)
    terminal.out.height = rows
    window, writing = Window(terminal), _writing()
    for piece in pieces:
        writing.feed(piece)
        step = writing.step(columns)
        window.show(step.pending, above=step.settled)
    window.show([], above=writing.step(columns, ended=True).settled)
    display = pyte.HistoryScreen(columns, rows, history=10_000, ratio=0.5)
    pyte.Stream(display).feed(written.getvalue().replace("\n", "\r\n"))
    above = ["".join(line[at].data for at in range(columns)) for line in display.history.top]
    return [line.rstrip() for line in (*above, *display.display)]


@given(_MARKDOWN, _SIZES, _WIDTH)
def test_in_any_pieces_the_lines_are_those_of_the_whole(text: str, sizes: list[int], width: int) -> None:
    whole = [_styled(line) for line in _lines([text], width)]
    assert [_styled(line) for line in _lines(_pieces(text, sizes), width)] == whole


@given(_MARKDOWN, _SIZES, _WIDTH)
def test_in_any_pieces_the_screen_and_what_scrolled_away_are_those_of_the_whole(
    text: str, sizes: list[int], width: int
) -> None:
    seen = "\n".join(_on_screen(_pieces(text, sizes), width, 8)).rstrip()
    assert seen == "\n".join(_on_screen([text], width, 8)).rstrip()


@given(_MARKDOWN, _SIZES, st.lists(_WIDTH, min_size=1, max_size=5))
def test_a_new_width_loses_and_repeats_nothing(text: str, sizes: list[int], widths: list[int]) -> None:
    writing = _writing()
    shown = ""
    for number, piece in enumerate(_pieces(text, sizes)):
        writing.feed(piece)
        shown += "".join(line.plain for line in writing.step(widths[number % len(widths)]).settled)
    shown += "".join(line.plain for line in writing.step(40, ended=True).settled)
    assert _words(shown) == _words("".join(line.plain for line in _lines([text], 40)))


def _words(text: str) -> str:
    """The letters: what is left when tables and margins may look different."""
    return "".join(re.findall(r"[a-z漢字]", text))


@given(_MARKDOWN, _WIDTH)
def test_no_line_is_wider_than_the_screen(text: str, width: int) -> None:
    assert all(cells(line.plain.rstrip()) <= width for line in _lines([text], width))


@given(st.lists(_SIGNS.filter(lambda sign: not re.search(r"[a-z]", sign)), min_size=1, max_size=20), _WIDTH)
def test_no_word_is_lost_whatever_signs_stand_around_it(signs: list[str], width: int) -> None:
    words = [f"w{chr(97 + number)}" for number in range(len(signs))]
    shown = "".join(line.plain for line in _lines(["".join(map("".join, zip(words, signs, strict=True)))], width))
    missing = [word for word in words if word not in re.sub(r"\s", "", shown)]
    assert not missing


_BLOCKS = st.sampled_from(
    ["a", "b c ", "\n", "\n\n", "\n\n\n", "- ", "\n- ", "1. ", "> ", "# ", "\n---\n", "\n\n|a|b|\n|-|-|\n|1|2|\n"]
)


@given(st.lists(_BLOCKS, max_size=20).map("".join), _SIZES, _WIDTH)
def test_one_empty_line_parts_blocks_and_none_begins_or_ends_them(text: str, sizes: list[int], width: int) -> None:
    lines = [line.plain.strip(" │") for line in _lines(_pieces(text, sizes), width)]
    assert not lines or (lines[0] and lines[-1])
    assert ("", "") not in pairwise(lines)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("# Bread\nkeeps", "Bread\n\nkeeps"),
        ("Bread\n=====\nkeeps", "Bread ===== keeps"),
        ("one\ntwo  \nthree", "one two\nthree"),
        ("- a\n- b\n\n\n- c\n  - d", "• a\n• b\n\n• c\n  • d"),
        ("9. a\n9. b", "9. a\n10. b"),
        ("- one two three four five six seven", "• one two three four five six\n  seven"),
        ("> one two three four five six\n>\n> - b", "│ one two three four five six\n│\n│ • b"),
        ("a\n***\nb", "a\n\n" + "─" * 30 + "\n\nb"),
        ("```python\nx = 1\n\n\ny = 2\n\n```\nz", "x = 1\n\n\ny = 2\n\nz"),
        ("```why not\nx\n```", "why not\nx"),
        ("```\n" + "x" * 35 + "\n```", "x" * 30 + "\n" + "x" * 5),
        ("    x = 1\n", "x = 1"),
        ("- ```\n  x\n  ```", "• x"),
        ("-\n- b", "•\n• b"),
    ],
)
def test_blocks_look_like_what_they_are(written: str, shown: str) -> None:
    assert _shown(written) == shown


def test_a_table_has_columns_or_where_there_is_no_room_for_them_a_line_for_each_cell() -> None:
    table = "| Bread | Days | Where |\n|---|---:|---|\n| *Rye* | 7 [1] | in linen |\n| Wheat | 3 | |"
    assert _shown(table, 40).split("\n") == [
        "Bread  Days   Where",
        "─" * 22,
        "Rye    7 [1]  in linen",
        "Wheat  3",
    ]
    assert _shown(table, 20) == "Bread: Rye\nDays: 7 [1]\nWhere: in linen\n\nBread: Wheat\nDays: 3\nWhere:"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("**a** _b_ ~~c~~ `d *e*`", "a b c d *e*"),
        ("[the guide](http://a.b/c)", "the guide (http://a.b/c)"),
        ('[g](u "Title")', 'g (u "Title")'),
        ("[http://a.b](http://a.b) <http://a.b>", "http://a.b http://a.b"),
        ("<me@a.b> [me@a.b](mailto:me@a.b)", "me@a.b me@a.b"),
        ("![a loaf](loaf.png) ![](b.png)", "a loaf (loaf.png) b.png"),
        ("[](http://a.b)", "http://a.b"),
        ("<b>a</b> <!-- c -->", "<b>a</b> <!-- c -->"),
        ("<script>x\n", "<script>x"),
        ("[1]: http://a.b\n\nSee [1].", "[1]: http://a.b\n\nSee [1]."),
        ("See [1](http://a.b).", "See [1] (http://a.b)."),
        ("[bold red]a[/] :bread:", "[bold red]a[/] :bread:"),
        ("a &amp; &copy; &#27;[2J &#x202e;b", "a & © �[2J b"),
        ("<http://a.b/%E2%80%AEc>", "http://a.b/c"),
        ("| a |\n|---|\n| b | c |", "| a |\n|---|\n| b | c |"),
    ],
)
def test_no_text_vanishes_or_acts(written: str, shown: str) -> None:
    assert _shown(written, 40) == shown


def test_what_is_nested_too_deep_is_shown_as_written() -> None:
    shown = _shown(">" * 200 + " deep\n\nbelow", 40)
    assert re.sub(r"[\s│]", "", shown) == ">" * 200 + "deepbelow"


def test_marks_outside_code_are_linked() -> None:
    text = "See [1] and [2], `[1]`, “quoted [1]” and **[1]**.\n\n    [1]\n\n| [1] |\n|---|\n| `[1]` |"
    lines = _lines([text], 60, lambda number: "file:///bread.md" if number == 1 else None)
    links = [
        line.plain[span.start : span.end]
        for line in lines
        for span in line.spans
        if not isinstance(span.style, str) and span.style.link == "file:///bread.md"
    ]
    assert links == ["[1]"] * 3
    assert [lines[0].plain[span.start : span.end] for span in lines[0].spans if span.style == "mark"] == [
        "[1]",
        "[2]",
        "[1]",
    ]


def test_the_words_of_code_are_styled_by_what_they_mean() -> None:
    (line,) = _lines(["```python\nreturn f(1)  # why\n```"], 40)
    told = {line.plain[span.start : span.end]: span.style for span in line.spans if span.style}
    assert told == {"return": "code.keyword", "1": "code.literal", "# why": "code.comment"}


def test_the_lines_of_a_fence_go_up_one_by_one() -> None:
    writing = _writing()
    writing.feed("```python\n")
    for number in range(500):
        writing.feed(f"x{number} = {number}\n")
        step = writing.step(80)
        assert [line.plain for line in step.settled] == ([f"x{number - 1} = {number - 1}"] if number else [])
        assert [line.plain for line in step.pending] == [f"x{number} = {number}"]


def test_the_lines_of_a_long_paragraph_go_up_as_far_as_nothing_can_change_them() -> None:
    writing = _writing()
    writing.feed("one two three four five six *seven eight nine ten")
    step = writing.step(20)
    assert [line.plain for line in step.settled] == ["one two three four"]
    assert [line.plain for line in step.pending] == ["five six *seven", "eight nine ten"]
    writing.feed("*")
    assert [line.plain for line in writing.step(20, ended=True).settled] == ["five six seven eight", "nine ten"]


def test_a_block_that_cannot_be_laid_out_is_shown_as_written() -> None:
    def broken(_number: int) -> str | None:
        raise ValueError

    lines = [line.plain for line in _lines(["# A\n\n", "*b* [", "1]\n\n", "- *c*\n", "- [2]"], 40, broken)]
    assert lines == ["A", "", "*b* [1]", "", "• c", "• [2]"]


def test_what_the_parser_stumbles_over_is_shown_as_written() -> None:
    writing = _writing()
    writing.feed("*a*\n\nb\n\n*c*\n")
    lines = writing.step(40).settled
    writing.feed(">" * 95 + " deep\n\n*d*")
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 150)
    try:
        lines += writing.step(40).settled
    finally:
        sys.setrecursionlimit(limit)
    writing.feed("e\n\n")
    lines += writing.step(40, ended=True).settled
    shown = [line.plain for line in lines]
    assert shown == ["a", "", "b", "", "*c*", ">" * 40, ">" * 40, ">" * 15 + " deep", "", "*d*e"]
