"""PPTX: a section for each slide, in the order in which it is read."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from itertools import islice
from typing import TYPE_CHECKING, cast

import pytest
from pptx import Presentation
from pptx.util import Inches

from ragchat.core.place import Place
from ragchat.documents.readers.slides import read_pptx
from ragchat.errors import DocumentError
from tests.documents.damage import damaged
from tests.documents.survival import survives

if TYPE_CHECKING:
    from pptx.presentation import Presentation as Deck
    from pptx.shapes.autoshape import Shape
    from pptx.slide import Slide

    from ragchat.core.document import Document

_TITLE_AND_BODY, _TITLE_ONLY, _BLANK = 1, 5, 6


def _slide(deck: Deck, title: str = "", layout: int = _TITLE_ONLY) -> Slide:
    slide: Slide = deck.slides.add_slide(deck.slide_layouts[layout])
    if title and slide.shapes.title is not None:
        slide.shapes.title.text = title
    return slide


def _write(slide: Slide, text: str, top: float, left: float = 1) -> None:
    box = slide.shapes.add_textbox(Inches(left), Inches(top), Inches(3), Inches(1))
    box.text_frame.text = text


def _bytes(deck: Deck) -> bytes:
    file = io.BytesIO()
    deck.save(file)
    return file.getvalue()


def _read(data: bytes) -> Document:
    return read_pptx("/docs/talk.pptx", data, "talk")


def _sections(deck: Deck) -> list[tuple[Place | None, tuple[str, ...], str]]:
    """Place, heading and text of each section."""
    read = _read(_bytes(deck))
    return [(part.place, part.heading, read.text[part.start : part.end]) for part in read.sections]


def test_each_slide_is_a_section_under_its_title() -> None:
    deck = Presentation()
    slide = _slide(deck, "Bread", _TITLE_AND_BODY)
    slide.placeholders[1].text = "Of corn.\nOf wheat."
    _slide(deck, layout=_BLANK)
    _write(_slide(deck, layout=_BLANK), "No title.", 1)
    assert _sections(deck) == [
        (Place("page", 1, 1), ("Bread",), "Bread\n\nOf corn.\nOf wheat."),
        (Place("page", 3, 3), (), "No title."),
    ]


def test_texts_are_read_from_top_to_bottom_and_left_to_right() -> None:
    deck = Presentation()
    slide = _slide(deck, "Title")
    for text, top, left in (("last", 6, 1), ("right", 3, 5), ("left", 3, 1)):
        _write(slide, text, top, left)
    assert _sections(deck)[0][2] == "Title\n\nleft\n\nright\n\nlast"


def test_groups_are_read_where_they_stand() -> None:
    deck = Presentation()
    slide = _slide(deck, "Title")
    _write(slide, "below", 6)
    group = slide.shapes.add_group_shape()
    for text, top in (("second", 4), ("first", 3)):
        box = group.shapes.add_textbox(Inches(1), Inches(top), Inches(3), Inches(1))
        box.text_frame.text = text
    assert _sections(deck)[0][2] == "Title\n\nfirst\n\nsecond\n\nbelow"


def test_tables_are_read_row_by_row() -> None:
    deck = Presentation()
    frame = _slide(deck, "Prices").shapes.add_table(2, 2, Inches(1), Inches(3), Inches(4), Inches(2))
    for index, word in enumerate(("name", "price", "salt", "two\nrupees")):
        frame.table.cell(index // 2, index % 2).text = word
    assert _sections(deck)[0][2] == "Prices\n\nname | price\nsalt | two rupees"


def test_notes_are_marked() -> None:
    deck = Presentation()
    notes = _slide(deck, "Bread").notes_slide.notes_text_frame
    assert notes is not None
    notes.text = "Speak slowly."
    assert _sections(deck)[0][2] == "Bread\n\nNotes: Speak slowly."


def test_hidden_slides_are_read() -> None:
    deck = Presentation()
    _slide(deck, "Bread")
    slide = _slide(deck, "Rice")
    slide._element.set("show", "0")
    assert [heading for _, heading, _ in _sections(deck)] == [("Bread",), ("Rice",)]


def test_dates_footers_and_numbers_of_slides_are_left_out() -> None:
    deck = Presentation()
    slide = _slide(deck, "Bread")
    for shape in list(slide.slide_layout.shapes):
        if shape.is_placeholder and shape.placeholder_format.type.name in ("DATE", "FOOTER", "SLIDE_NUMBER"):
            cast("Shape", shape).text_frame.text = "the same on every slide"
            slide.shapes._spTree.append(shape._element)
    assert _sections(deck)[0][2] == "Bread"


def test_a_line_end_within_a_title_is_a_space() -> None:
    deck = Presentation()
    _slide(deck, "Bread\vof corn")
    assert _sections(deck) == [(Place("page", 1, 1), ("Bread of corn",), "Bread\nof corn")]


@pytest.mark.parametrize(
    ("written", "shown"), [("Food", "Food"), ("PowerPoint Presentation", "talk"), ("", "talk")]
)
def test_the_title_is_that_of_the_file_when_a_person_wrote_it(written: str, shown: str) -> None:
    deck = Presentation()
    deck.core_properties.title = written
    _slide(deck, "Bread")
    assert _read(_bytes(deck)).title == shown


def test_slides_without_text_are_refused() -> None:
    deck = Presentation()
    _slide(deck, layout=_BLANK)
    with pytest.raises(DocumentError, match=r"^Its slides hold no text\.$"):
        _read(_bytes(deck))


@pytest.mark.parametrize("data", [b"", b"words", b"PK\x03\x04words"])
def test_what_is_no_presentation_is_refused(data: bytes) -> None:
    with pytest.raises(DocumentError, match=r"\.$"):
        _read(data)


def test_a_locked_presentation_is_told() -> None:
    with pytest.raises(DocumentError, match="password"):
        _read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512))


def _with_part(data: bytes, name: str, content: bytes) -> bytes:
    """The package with one part exchanged."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, content if part == name else old.read(part))
    return file.getvalue()


def _small() -> bytes:
    deck = Presentation()
    slide = _slide(deck, "Bread")
    _write(slide, "Of corn.", 4)
    slide.shapes.add_table(2, 2, Inches(1), Inches(3), Inches(4), Inches(2))
    return _bytes(deck)


def test_bombs_are_refused() -> None:
    with pytest.raises(DocumentError, match="far more"):
        _read(_with_part(_small(), "ppt/slides/slide1.xml", b"<p/>" * 2_000_000))


def test_without_the_extra_the_cure_is_told() -> None:
    code = (
        "import sys; sys.modules['pptx'] = None\n"
        "from ragchat.documents.readers.slides import read_pptx\n"
        "from ragchat.errors import DocumentError\n"
        "try: read_pptx('a', sys.stdin.buffer.read(), 'a')\n"
        "except DocumentError as error: print(error.hint)"
    )
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, input=_small(), capture_output=True, timeout=60, check=True)
    assert ran.stdout.decode().strip() == "Run `pip install 'ragchat[office]'`."


def test_damaged_presentations_are_read_or_refused() -> None:
    assert all(survives(_read, data) for data in damaged(_small()))


@pytest.mark.parametrize(
    "part",
    [
        "[Content_Types].xml",
        "_rels/.rels",
        "docProps/core.xml",
        "ppt/presentation.xml",
        "ppt/_rels/presentation.xml.rels",
        "ppt/slides/slide1.xml",
        "ppt/slides/_rels/slide1.xml.rels",
    ],
)
def test_presentations_with_a_damaged_part_are_read_or_refused(part: str) -> None:
    whole = _small()
    with zipfile.ZipFile(io.BytesIO(whole)) as package:
        content = package.read(part)
    assert all(survives(_read, _with_part(whole, part, copy)) for copy in islice(damaged(content), 40))
