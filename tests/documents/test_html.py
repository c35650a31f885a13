"""HTML: what a page shows, and in which lines of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.core.place import Place
from ragchat.documents.readers.html import read_html
from ragchat.documents.split import split, token_count
from tests.documents.damage import damaged

if TYPE_CHECKING:
    from ragchat.core.document import Document

PAGE = """<!DOCTYPE html>
<html>
<head><title>Bread &amp; butter — a site</title>
<style>p { color: "<b>" }</style>
<script>if (a < b) { document.write("<p>written</p>") }</script>
</head>
<body>
<header><h1>Bread &amp; butter</h1> <p>Good since 1990</p></header>
<nav><ul><li>Home<li>About us</ul></nav>
<main>
<!-- <p>not yet</p>
-->
<p>Bread is made of
flour, water &mdash; and salt.
<p>It may be&nbsp;<b>wa</b>rm.<br>Or cold.
<h2 id="steps">Steps<a href="#steps">¶</a></h2>
<ol start="3">
<li>Mix.
<li>Bake
  <ul><li>hot</ul>
</ol>
<div hidden><p>secret one</p></div><p style="display: none">secret two<p>shown
<table>
<tr><th>Flour<th>Grams
<tr><td>Rye</td><td>5
00</td></tr>
</table>
<pre>
def bake():

    return 1 &lt; 2
</pre>
<h2>Storing</h2>
<h3>In a box</h3>
<p>Three days.
</main>
<footer>Imprint</footer>
</body></html>
"""

_UNITS = "<!--|<a |<|<p>|<a b='|<a b=\"c|<table><tr><td>|<b><div></b>|&#|<br>|<pre>\n|<td>x|<ul><li>x|</div>"
_MORE_UNITS = "<p><font a=1>|<h1>x|<b> </b>|<p|</|<!|=|\n"


def read(text: str) -> Document:
    return read_html("/docs/page.html", text, "page")


def outline(text: str) -> list[tuple[tuple[str, ...], str, tuple[int | str, int | str]]]:
    """Heading, text and lines of each section."""
    document = read(text)
    return [
        (
            section.heading,
            document.text[section.start : section.end].strip(),
            (section.place.start, section.place.end),
        )
        for section in document.sections
        if section.place
    ]


def test_a_page_gives_its_main_text_under_its_headings_with_the_lines_of_the_file() -> None:
    assert read(PAGE).title == "Bread & butter — a site"
    assert outline(PAGE) == [
        (
            (),
            "Bread & butter\n\nBread is made of flour, water — and salt.\n\nIt may be warm.\nOr cold.",
            (8, 15),
        ),
        (
            ("Steps",),
            "Steps\n\n3. Mix.\n4. Bake\n  - hot\n\nshown\n\nFlour | Grams\nRye | 5 00\n\n"
            "def bake():\n\n    return 1 < 2",
            (16, 31),
        ),
        (("Storing", "In a box"), "Storing\n\nIn a box\n\nThree days.", (33, 35)),
    ]


def test_the_lines_of_a_page_are_never_counted_in_its_text() -> None:
    chunk = next(split(read("<p>one</p>\n\n\n\n<p>two</p>\n")))
    assert chunk.text == "one\n\ntwo"
    assert chunk.place == Place("lines", 1, 5)
    assert chunk.place.within(chunk.text, 5, 8) == chunk.place


def test_a_paragraph_reaches_from_its_first_line_to_its_last() -> None:
    assert outline("\n<p>one\n<b>two</b>\n\nthree\n\n") == [((), "one two three", (2, 5))]


def test_two_line_breaks_end_a_paragraph() -> None:
    verse = "Nine words stand in this line of the song.<br>\n" * 5
    assert [lines for _, _, lines in outline(f"{verse}<br>\n" * 3)] == [(1, 11), (13, 17)]


def test_headings_without_text_are_found_too() -> None:
    document = read("<h2>Nine words stand in this heading about good bread</h2>" * 60)
    assert document.sections[-1].end == len(document.text)
    assert all(section.end - section.start < 1000 for section in document.sections)


@given(st.lists(st.tuples(st.integers(1, 90), st.sampled_from(["", "\n", "\n\n", "<!--\n-->", "<b\n>"]))))
def test_each_section_lies_in_the_lines_of_its_words(paragraphs: list[tuple[int, str]]) -> None:
    page = ""
    lines: dict[str, int] = {}
    for number, (length, gap) in enumerate(paragraphs):
        page += f"{gap}<p>"
        lines[f"word{number}"] = 1 + page.count("\n")
        page += f"word{number} " + "more " * length
    found: list[str] = []
    document = read(page)
    for section in document.sections:
        words = [word for word in document.text[section.start : section.end].split() if word in lines]
        assert section.place == Place("lines", lines[words[0]], lines[words[-1]])
        found += words
    assert found == list(lines)


def test_sections_are_near_the_size_of_a_chunk_and_read_as_one_text() -> None:
    document = read("<h1>Title</h1>" + "<p>Nine words stand in this sentence about good bread." * 60)
    sizes = [token_count(document.text[section.start : section.end]) for section in document.sections]
    assert all(75 <= size <= 125 for size in sizes)
    assert [section.start for section in document.sections[1:]] == [
        section.end for section in document.sections[:-1]
    ]
    assert len(list(split(document))) == len(sizes)


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<form><p>The whole page is a form.</form>", "The whole page is a form."),
        ("<p>" + "Main text. " * 30 + "<form><label>Search</label></form>", ("Main text. " * 30).strip()),
        ("<article><header><h1>A</h1><p>by B</header><p>c<aside>d</aside></article>", "A\n\nby B\n\nc\n\nd"),
        ("<p>a<select><option>b</select><button>c</button><svg><title>d</title></svg>e", "ae"),
        ("<h2>a<a aria-hidden=true>#</a></h2>", "a"),
        ("<h2>¶</h2>a", "a"),
        (
            "<p>x&#65;&#x42;&bogus;&lt;p&gt;&#" + "9" * 5000 + ";",
            "x&#65;&#x42;&bogus;&lt;p&gt;&#" + "9" * 5000 + ";",
        ),
        ("<p>x&#65;&#x42;&bogus;&lt;p&gt;</p>", "xAB&bogus;<p>"),
        ("<p>soft&shy;ened a < b <3 </> <? x ?><![if]>c", "softened a < b <3 c"),
        ("<P TITLE='a > b' x=\"<p>\">a</P >b", "a\n\nb"),
        ("a<br>b<br><br>c", "a\nb\n\nc"),
        ("<div/>a<script/>b", "ab"),
        ("<pre>\n  a\n\n\n  <b>b</b> \tc  \n</pre>d", "  a\n\n\n  b \tc\n\nd"),
        ("<dl><dt>a<dd>b<dt>c<dd>d</dl>", "a\n\nb\n\nc\n\nd"),
        ("<ul><li><p>a</p><p>b</p></li><li>c</ul>", "- a\n\nb\n\n- c"),
        ("<div>a</span></p></table>b<p>c</div>d", "ab\n\nc\n\nd"),
        ("<nav><div>menu</nav></div>" + "text " * 50, ("text " * 50).strip()),
        ("a<!-- b --><!-->c<!-- d", "ac"),
        ("<textarea><p>a</textarea>b", "b"),
    ],
)
def test_a_page_reads_as_a_browser_shows_it(page: str, text: str) -> None:
    assert read(page).text == text


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("<tr><td>a<td><td>c<tr><td>1<td>2<td>3", "a |  | c\n1 | 2 | 3"),
        ("<thead><th>a<th>b<tbody><tr><td>1<td>2", "a | b\n1 | 2"),
        ("<tr><td>a<td><ul><li>b<li>c</ul>", "a | - b - c"),
        ("<tr><td><table><tr><td>a<td>b</table><td>c", "a | b\n\nc"),
        ("<tr><td><h2>a</h2><p>b<td>c", "a\n\nb\n\nc"),
        ("<tr><td>only", "only"),
        (f"<tr><td>a<td>{'long ' * 300}", f"a\n\n{('long ' * 300).strip()}"),
    ],
)
def test_rows_of_data_are_lines_and_tables_that_lay_out_a_page_are_text(table: str, text: str) -> None:
    assert read(f"<table>{table}</table>").text == text


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("<title> A\n&amp; B </title><h1>c</h1>", "A & B"),
        ("<svg><title>icon</title></svg><h1>c</h1>", "c"),
        ("<h2>c</h2>", "page"),
        (f"<title>{'long ' * 100}</title>", ("long " * 100)[:200]),
    ],
)
def test_a_page_is_named_by_its_title_or_its_first_heading(page: str, title: str) -> None:
    assert read(page).title == title


@pytest.mark.parametrize(
    "unit",
    [*_UNITS.split("|"), *_MORE_UNITS.split("|")],
)
def test_a_page_of_one_thing_over_and_over_is_read_once(unit: str) -> None:
    # The limit of the whole run: what reads such a page again for each of its tags takes minutes here.
    document = read(unit * (200_000 // len(unit)))
    assert len(document.text) < 1_000_000


def test_a_quotation_mark_that_is_never_closed_hides_nothing() -> None:
    assert read('<p title="a>b</p><p>c').text == "b\n\nc"


def test_a_damaged_page_is_still_a_page() -> None:
    for copy in damaged(PAGE.encode()):
        document = read(copy.decode("utf-8", "replace"))
        lines = PAGE.count("\n") + 20
        for section in document.sections:
            assert section.place and isinstance(section.place.end, int)
            assert 1 <= int(section.place.start) <= section.place.end <= lines


@given(st.text(alphabet="<>/!-&;= \n\"'abpt", max_size=300))
def test_any_text_is_a_page_whose_sections_stand_in_order(page: str) -> None:
    document = read(page)
    assert [section.start for section in document.sections[1:]] == [
        section.end for section in document.sections[:-1]
    ]
    for section in document.sections:
        assert section.place
        assert 1 <= int(section.place.start) <= int(section.place.end) <= page.count("\n") + 1
