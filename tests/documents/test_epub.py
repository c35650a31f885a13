"""Books: chapters in reading order, paragraphs numbered through."""

from __future__ import annotations

import pytest

from ragchat.core.place import Place
from ragchat.documents.readers.epub import read_epub
from ragchat.errors import DocumentError
from tests.documents.damage import damaged
from tests.documents.packages import book, book_parts, zipped
from tests.documents.survival import survives

CHAPTERS = (
    "<h1>Flour</h1><p>Rye is dark.</p><p></p><p>Wheat is light.</p>",
    "<h1>Ovens</h1><h2>Steam</h2><ul><li>Open</li><li>Close</li></ul><pre>a\n b</pre><p>Done.</p>",
    "<p>It goes on.</p>",
)
ENCRYPTION = '<encryption><EncryptedData><EncryptionMethod Algorithm="{}"/></EncryptedData></encryption>'


def test_a_book_gives_its_chapters_in_reading_order_with_paragraphs_numbered_through() -> None:
    document = read_epub("/docs/a.epub", book(*CHAPTERS), "a")
    assert document.title == "The bread book"
    assert document.warnings == ()
    assert [
        (section.heading, document.text[section.start : section.end].strip(), section.place)
        for section in document.sections
    ] == [
        (("Flour",), "Flour\n\nRye is dark.\n\nWheat is light.", Place("paragraph", 1, 3)),
        (
            ("Ovens", "Steam"),
            "Ovens\n\nSteam\n\n- Open\n- Close\n\na\n b\n\nDone.\n\nIt goes on.",
            Place("paragraph", 4, 10),
        ),
    ]


def test_a_book_without_a_title_has_the_name_of_its_file() -> None:
    parts = book_parts("<p>a", title="")
    package = str(parts["OEBPS/content.opf"]).replace("A second title", "")
    assert read_epub("/docs/a.epub", zipped({**parts, "OEBPS/content.opf": package}), "a").title == "a"


def test_a_chapter_named_twice_is_read_once() -> None:
    parts = book_parts("<p>a", "<p>b")
    package = str(parts["OEBPS/content.opf"]).replace("<spine>", "<spine>" + '<itemref idref="c0"/>' * 1000)
    assert read_epub("/docs/a.epub", zipped({**parts, "OEBPS/content.opf": package}), "a").text == "a\n\nb"


def test_a_missing_chapter_is_a_warning_while_others_can_be_read() -> None:
    parts = book_parts(*CHAPTERS)
    del parts["OEBPS/Text/chapter 2.xhtml"]
    document = read_epub("/docs/a.epub", zipped(parts), "a")
    assert "Rye is dark." in document.text
    assert document.warnings == ("1 of 3 chapters cannot be read: chapter 2.xhtml",)


@pytest.mark.parametrize("veil", ["http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"])
def test_a_book_with_veiled_fonts_is_read(veil: str) -> None:
    data = zipped({**book_parts("<p>a"), "META-INF/encryption.xml": ENCRYPTION.format(veil)})
    assert read_epub("/docs/a.epub", data, "a").text == "a"


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"META-INF/encryption.xml": ENCRYPTION.format("http://www.w3.org/2001/04/xmlenc#aes128-cbc")}, "DRM"),
        ({"META-INF/container.xml": "<container/>"}, "does not say"),
        ({"META-INF/container.xml": "<container>"}, "not XML"),
        ({"OEBPS/content.opf": "<package/>"}, "None of its chapters"),
        ({"OEBPS/content.opf": '<!DOCTYPE a [<!ENTITY b "c">]><package/>'}, "declares entities"),
    ],
)
def test_a_book_that_cannot_be_read_is_told_with_a_cure(parts: dict[str, str | bytes], said: str) -> None:
    with pytest.raises(DocumentError, match=said) as caught:
        read_epub("/docs/a.epub", zipped({**book_parts("<p>a"), **parts}), "a")
    assert caught.value.hint


def test_an_empty_zip_file_is_no_book() -> None:
    with pytest.raises(DocumentError, match=r"container\.xml is missing"):
        read_epub("/docs/a.epub", zipped({"a.txt": "x"}), "a")


def test_a_damaged_book_is_a_document_or_an_error() -> None:
    for copy in damaged(book(*CHAPTERS)):
        assert survives(lambda data: read_epub("/docs/a.epub", data, "a"), copy)


def test_damaged_parts_in_a_whole_zip_file_are_a_document_or_an_error() -> None:
    parts = book_parts(*CHAPTERS)
    for name, part in parts.items():
        for copy in damaged(str(part).encode()):
            data = zipped({**parts, name: copy})
            assert survives(lambda data: read_epub("/docs/a.epub", data, "a"), data)
