"""PDF: words, paragraphs and headings with their pages, and files that are none."""

from __future__ import annotations

import zlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import pytest

from ragchat.core.place import Place
from ragchat.documents.readers.pdf import read_pdf
from ragchat.documents.split import split
from ragchat.errors import DocumentError
from tests.documents.damage import damaged
from tests.documents.pdf_files import Words, drawn, pdf, prose
from tests.documents.survival import survives

if TYPE_CHECKING:
    from ragchat.core.document import Document

_LOCKED = b"/ID[<00><00>]/Encrypt<</Filter/Standard/V 1/R 2/Length 40/P -4/O(%s)/U(%s)>>" % (b"o" * 32, b"u" * 32)


def _read(data: bytes) -> Document:
    return read_pdf("/docs/report.pdf", data, "report")


def _text(*pages: list[Words] | bytes) -> str:
    return _read(pdf(*pages)).text


def _outline(data: bytes) -> list[tuple[int, str, str]]:
    """Page, heading and text of each section."""
    read = _read(data)
    shown: list[tuple[int, str, str]] = []
    for section in read.sections:
        assert section.place
        assert isinstance(section.place.start, int)
        words = read.text[section.start : section.end].strip()
        shown.append((section.place.start, " › ".join(section.heading), words))
    return shown


def _refusal(data: bytes) -> DocumentError:
    with pytest.raises(DocumentError) as refused:
        _read(data)
    return refused.value


def test_each_chunk_tells_its_page() -> None:
    read = _read(pdf(prose("Rice is boiled.", 700), prose("Beans are baked.", 700)))
    assert [(chunk.text.strip(), chunk.place) for chunk in split(read)] == [
        ("Rice is boiled.", Place("page", 1, 1)),
        ("Beans are baked.", Place("page", 2, 2)),
    ]


def test_lines_of_a_paragraph_are_joined_and_paragraphs_stay_apart() -> None:
    first = prose("Mustard greens are cooked slowly\nuntil they are soft, and then\neaten with bread.", 700)
    second = prose("Curry of chickpeas is made in\nthe morning.", 650)
    assert _text([*first, *second]) == (
        "Mustard greens are cooked slowly until they are soft, and then eaten with bread.\n\n"
        "Curry of chickpeas is made in the morning."
    )


def test_paragraphs_without_a_gap_are_told_by_their_last_line() -> None:
    lines = "Mustard greens are cooked slowly until\nthey are soft.\nCurry is made of chickpeas and served\nhot."
    assert _text(prose(lines, 700)) == (
        "Mustard greens are cooked slowly until they are soft.\n\nCurry is made of chickpeas and served hot."
    )


def test_paragraphs_without_a_gap_are_told_by_their_indent() -> None:
    first = prose("Mustard greens are cooked until soft.", 700)
    second = [Words("Curry is made of chickpeas and", 688, x=90), Words("served hot.", 676)]
    assert _text([*first, *second]) == (
        "Mustard greens are cooked until soft.\n\nCurry is made of chickpeas and served hot."
    )


def test_line_ends_that_were_meant_stay() -> None:
    assert _text(prose("Rice\nBeans\nA much longer line of the list", 700)) == (
        "Rice\nBeans\nA much longer line of the list"
    )


def test_items_of_a_list_stay_apart() -> None:
    lines = "These are eaten with bread made of corn:\n- mustard greens which were cooked slowly\n- chickpeas"
    assert _text(prose(lines, 700)).split("\n") == lines.split("\n")


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        ("The word exam-\nple was broken here", "The word example was broken here"),
        ("The word exam\u00ad\nple was broken here", "The word example was broken here"),
        ("It was Anglo-\nSaxon for a time", "It was Anglo-Saxon for a time"),
        ("A well-known one is a well-\nknown one for a time", "A well-known one is a well-known one for a time"),
    ],
)
def test_words_broken_at_the_end_of_a_line_are_whole_again(lines: str, joined: str) -> None:
    assert _text(prose(lines, 700)) == joined


def test_columns_are_read_one_after_the_other() -> None:
    left = prose("Mustard greens are cooked in\nPunjab until they are soft.", 700)
    right = prose("Chickpeas are made into\ncurry and served.", 700, x=320)
    assert _text([*left, *right]) == (
        "Mustard greens are cooked in Punjab until they are soft.\n\nChickpeas are made into curry and served."
    )


def test_type_of_size_one_that_is_enlarged_is_read_like_any_other() -> None:
    big = b"BT /F1 1 Tf 20 0 0 20 72 700 Tm (Heading) Tj ET "
    small = b"BT /F1 1 Tf 10 0 0 10 72 670 Tm (This is what is said below it.) Tj ET"
    assert _outline(pdf(big + small)) == [(1, "Heading", "Heading\n\nThis is what is said below it.")]


def test_a_turned_page_is_read_as_it_is_seen() -> None:
    lines = b"BT /F1 10 Tf 0 1 -1 0 100 72 Tm (Mustard greens) Tj 0 -12 Td (are cooked.) Tj 0 -40 Td (Rice) Tj ET"
    assert _read(pdf(lines, page=b"/Rotate 90")).text == "Mustard greens are cooked.\n\nRice"


def test_ligatures_and_characters_beyond_the_first_plane_are_read() -> None:
    # A font without a shape for anything: the table says what its codes mean.
    table = b"begincmap 3 beginbfchar <01><FB01><02><D83CDF5A><03><D800> endbfchar endcmap"
    read = _read(pdf(b"BT /F1 10 Tf 72 700 Td (\\001ne \\002\\003 end) Tj ET", unicode_table=table))
    assert read.text == "fine \U0001f35a end"


def _running(number: int) -> list[Words]:
    header = Words("Handbook of Kitchens", 760)
    body = prose(f"This is what is said of matter {number}\non its own page.", 600)
    return [header, *body, Words(f"Page {number} of 4", 30)]


def test_running_titles_and_page_numbers_are_left_out() -> None:
    read = _read(pdf(*(_running(number) for number in range(1, 5))))
    assert read.text == "\n\n".join(
        f"This is what is said of matter {number} on its own page." for number in range(1, 5)
    )


def test_the_running_titles_of_left_and_right_pages_are_left_out() -> None:
    pages = [
        [Words("A Book" if number % 2 else "A Chapter", 760), *prose(f"Matter {number} is here.", 600)]
        for number in range(1, 7)
    ]
    assert _text(*pages) == "\n\n".join(f"Matter {number} is here." for number in range(1, 7))


def test_what_stands_in_a_margin_once_or_is_larger_than_the_text_is_kept() -> None:
    pages = [[Words(f"Recipe {number}", 760, size=16), *prose("Cook it well.", 600)] for number in range(1, 5)]
    pages[0].append(Words("Printed in Amritsar", 30))
    text = _text(*pages)
    assert "Printed in Amritsar" in text
    assert [f"Recipe {number}" in text for number in range(1, 5)] == [True] * 4


def test_what_repeats_inside_a_page_or_is_all_it_says_is_kept() -> None:
    assert _text(*([Words("The same.", 400), Words("The end.", 300)] for _ in range(3))).count("The same.") == 3
    assert _text(*([Words("The same.", 760)] for _ in range(3))).count("The same.") == 3


def test_lines_in_larger_type_are_headings_and_hold_on_the_next_page() -> None:
    body = "This is what is said below the heading, at some length."
    first = [Words("Bread", 700, size=20), Words("Corn", 670, size=14), *prose(body, 640)]
    second = [*prose(body, 700), Words("Wheat", 670, size=14), *prose(body, 640)]
    assert _outline(pdf(first, second)) == [
        (1, "Bread › Corn", f"Bread\n\nCorn\n\n{body}"),
        (2, "Bread › Corn", body),
        (2, "Bread › Wheat", f"Wheat\n\n{body}"),
    ]


def test_bookmarks_are_headings_where_their_words_stand() -> None:
    first = [*prose("A word before.", 700), *prose("1 Bread", 670), *prose("Of bread.", 640)]
    outline = [("Bread", 0), ("Not to be found", 1)]
    assert _outline(pdf(first, prose("Of rice.", 700), outline=outline)) == [
        (1, "", "A word before."),
        (1, "Bread", "1 Bread\n\nOf bread."),
        (2, "Not to be found", "Of rice."),
    ]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Food of Punjab", "Food of Punjab"),
        ("", "report"),
        ("Microsoft Word - food.doc", "report"),
        ("food.indd", "report"),
        ("untitled", "report"),
        ("Document1", "report"),
        ("  ", "report"),
        ("1984", "report"),
    ],
)
def test_the_title_is_that_of_the_file_when_a_person_wrote_it(written: str, shown: str) -> None:
    assert _read(pdf(prose("Rice.", 700), title=written)).title == shown


def test_pages_without_text_are_told() -> None:
    read = _read(pdf(b"", prose("Rice.", 700), b""))
    assert [section.place for section in read.sections] == [Place("page", 2, 2)]
    assert read.warnings == ("pages 1, 3 have no text (scanned?)",)


def test_a_scanned_file_is_refused_with_its_cure() -> None:
    refused = _refusal(pdf(b"", b""))
    assert refused.message == "This PDF holds no text; it may be scanned."
    assert "ocrmypdf" in refused.hint


def test_a_locked_file_is_refused() -> None:
    assert _refusal(pdf(prose("Rice.", 700), trailer=_LOCKED)).message == "This PDF is locked by a password."


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", b"words " * 1000, pdf()])
def test_what_is_no_pdf_is_refused(data: bytes) -> None:
    assert _refusal(data).message.startswith("This PDF is broken: ")


def test_a_page_that_would_take_gigabytes_is_left_out_and_those_before_it_are_read() -> None:
    bomb = zlib.compress(b"BT /F1 10 Tf " + b"(a)Tj " * 8_000_000 + b"ET")
    good = zlib.compress(drawn(prose("Rice is boiled.", 700)))
    read = _read(pdf(good, bomb, good, filters=b"/Filter/FlateDecode"))
    assert read.text == "Rice is boiled."
    assert read.warnings == ("page 2 takes too much time or memory: it and the rest are left out",)


def test_a_page_that_is_too_long_is_cut_and_told() -> None:
    line = b"(%s) Tj 0 -1 Td " % (b"a" * 100)
    read = _read(pdf(b"BT /F1 1 Tf 72 700 Td " + line * 2_500 + b"ET"))
    assert 150_000 < len(read.text) < 210_000
    assert read.warnings == ("page 1 is too long, and cut",)


def test_pages_beyond_the_bound_are_left_out_and_told() -> None:
    read = _read(pdf(*[prose("Rice.", 400)] * 5_001))
    assert read.sections[-1].place == Place("page", 5_000, 5_000)
    assert read.warnings == ("too long: what follows page 5000 is left out",)


def test_a_line_of_many_letters_is_read_in_time() -> None:
    piece = b"(%s) Tj " % (b"a" * 30_000)
    assert len(_text(b"BT /F1 1 Tf 72 700 Td %s (-) Tj 0 -2 Td (end) Tj ET" % (piece * 5))) == 150_003


def test_damaged_files_are_read_or_refused() -> None:
    whole = pdf(*map(_running, range(1, 4)), title="Kitchens", outline=[("One", 0), ("Two", 1)])
    with ThreadPoolExecutor(2) as workers:
        assert all(workers.map(partial(survives, _read), damaged(whole)))
