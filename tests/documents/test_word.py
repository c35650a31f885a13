"""Word files: text, headings and the numbers of paragraphs."""

from __future__ import annotations

import pytest

from ragchat.core.place import Place
from ragchat.documents.readers.word import read_word
from ragchat.documents.split import split
from ragchat.errors import DocumentError
from tests.documents.damage import damaged
from tests.documents.packages import paragraph, word_file, word_parts, zipped
from tests.documents.survival import survives


def cell(*paragraphs: str) -> str:
    return f"<w:tc><w:tcPr/>{''.join(map(paragraph, paragraphs))}</w:tc>"


def sections(body: str, notes: str = "") -> list[tuple[tuple[str, ...], str, Place | None]]:
    """Heading, text and place of each section."""
    document = read_word("/docs/a.docx", word_file(body, notes), "a")
    return [
        (section.heading, document.text[section.start : section.end].strip(), section.place)
        for section in document.sections
    ]


def text(body: str, notes: str = "") -> str:
    return read_word("/docs/a.docx", word_file(body, notes), "a").text


REPORT = (
    paragraph("Annual report", "Titel")
    + paragraph("")
    + paragraph("Contents 3", "Verzeichnis1")
    + paragraph("Money", "berschrift1")
    + paragraph("We earned little.")
    + paragraph("Costs", "Eigene")
    + paragraph("Rent", "Liste")
    + paragraph("Heat", properties='<w:numPr><w:ilvl w:val="1"/><w:numId w:val="3"/></w:numPr>')
    + f"<w:tbl><w:tr>{cell('Rent')}{cell('5', '000')}</w:tr><w:tr>{cell('Heat')}{cell('70')}</w:tr></w:tbl>"
    + paragraph("People", "berschrift1")
    + paragraph("We are four.")
)


def test_a_report_gives_its_paragraphs_under_their_headings_with_their_numbers() -> None:
    assert read_word("/docs/a.docx", word_file(REPORT), "a").title == "Annual report"
    assert sections(REPORT) == [
        (("Money",), "Annual report\n\nMoney\n\nWe earned little.", Place("paragraph", 1, 5)),
        (
            ("Money", "Costs"),
            "Costs\n\n- Rent\n  - Heat\n\nRent | 5 000\nHeat | 70",
            Place("paragraph", 6, 13),
        ),
        (("People",), "People\n\nWe are four.", Place("paragraph", 14, 15)),
    ]


def test_a_paragraph_is_found_by_its_number() -> None:
    body = "".join(paragraph(f"Number {number} is a paragraph. " + "More words. " * 30) for number in range(1, 9))
    document = read_word("/docs/a.docx", word_file(body), "a")
    for number, chunk in enumerate(split(document), start=1):
        assert chunk.text.startswith(f"Number {number} ")
        assert chunk.place == Place("paragraph", number, number)
        assert chunk.place.suffix() == f" ¶ {number}"


def test_what_was_deleted_moved_away_or_hidden_is_not_read() -> None:
    assert (
        text(
            "<w:p><w:r><w:t>We </w:t></w:r><w:del><w:r><w:delText>never </w:delText></w:r></w:del>"
            "<w:ins><w:r><w:t>always </w:t></w:r></w:ins>"
            "<w:moveFrom><w:r><w:t>moved </w:t></w:r></w:moveFrom>"
            "<w:r><w:rPr><w:vanish/></w:rPr><w:t>secret </w:t></w:r>"
            '<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>pay</w:t></w:r>'
            "<w:r><w:instrText>PAGE</w:instrText></w:r></w:p>"
        )
        == "We always pay"
    )


def test_a_former_style_is_not_the_style() -> None:
    body = (
        '<w:p><w:pPr><w:pStyle w:val="berschrift1"/><w:pPrChange><w:pPr><w:pStyle w:val="Liste"/></w:pPr>'
        "</w:pPrChange></w:pPr><w:r><w:t>Money</w:t></w:r></w:p>"
    )
    assert sections(body) == [(("Money",), "Money", Place("paragraph", 1, 1))]


def test_notes_and_text_boxes_stand_behind_the_paragraph_they_hang_on() -> None:
    box = "<w:txbxContent><w:p><w:r><w:t>boxed</w:t></w:r></w:p></w:txbxContent>"
    body = (
        '<w:p><w:r><w:t>One</w:t><w:footnoteReference w:id="2"/><w:tab/><w:t>more</w:t></w:r></w:p>'
        f"<w:p><w:r><mc:AlternateContent><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
        '</mc:AlternateContent></w:r><w:r><w:t>Two</w:t><w:footnoteReference w:id="2"/></w:r></w:p>'
        + paragraph("Three")
    )
    note = f'<w:footnote w:id="2">{paragraph("A note")}{paragraph("of two")}</w:footnote>'
    assert text(body, note) == "One\tmore\n\nA note of two\n\nTwo\n\nboxed\n\nThree"
    assert sections(body, note)[0][2] == Place("paragraph", 1, 3)


def test_a_text_box_may_hold_items_and_no_headings() -> None:
    box = paragraph("first", "Liste") + paragraph("Aside", "berschrift1")
    body = f"<w:p><w:r><w:pict><w:txbxContent>{box}</w:txbxContent></w:pict><w:t>Text</w:t></w:r></w:p>"
    assert sections(body + paragraph("More")) == [
        ((), "Text\n\n- first\n\nAside\n\nMore", Place("paragraph", 1, 2))
    ]


def test_a_paragraph_in_a_style_for_items_may_be_none() -> None:
    assert text(paragraph("a", "Liste") + paragraph("b", "Liste", '<w:numPr><w:numId w:val="0"/></w:numPr>')) == (
        "- a\n\nb"
    )


def test_a_strict_file_and_one_without_styles_are_read() -> None:
    parts = word_parts(paragraph("Hello", "berschrift1"))
    main = str(parts["word/document.xml"]).replace(
        "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "http://purl.oclc.org/ooxml/wordprocessingml/main",
    )
    del parts["word/styles.xml"]
    assert read_word("/docs/a.docx", zipped({**parts, "word/document.xml": main}), "a").text == "Hello"


def test_a_table_that_lays_out_a_page_is_text() -> None:
    table = (
        f"<w:tbl><w:tr><w:tc>{paragraph('Money', 'berschrift1')}</w:tc>{cell('We earned little.')}</w:tr></w:tbl>"
    )
    assert sections(table) == [(("Money",), "Money\n\nWe earned little.", Place("paragraph", 1, 2))]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a whole zip file"),
        (b"just text", "not a whole zip file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "Word 97"),
        (zipped({"a.txt": "x"}), "no Word document"),
        (zipped({**word_parts(""), "word/document.xml": "<a>"}), "not XML"),
        (
            zipped({**word_parts(""), "word/document.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}),
            "declares entities",
        ),
        (
            zipped({**word_parts(""), "word/document.xml": '<?xml version="1.0" encoding="nonsense"?><a/>'}),
            "not XML",
        ),
        (zipped({name: part for name, part in word_parts("").items() if "document.xml" not in name}), "missing"),
    ],
)
def test_what_cannot_be_read_is_told_with_a_cure(data: bytes, said: str) -> None:
    with pytest.raises(DocumentError, match=said) as caught:
        read_word("/docs/a.docx", data, "a")
    assert caught.value.message.endswith(".")
    assert caught.value.hint


def test_a_billion_laughs_are_refused() -> None:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE a [<!ENTITY l0 "ha">{entities}]><a>&l9;</a>'
    with pytest.raises(DocumentError, match="declares entities"):
        read_word("/docs/a.docx", zipped({**word_parts(""), "word/document.xml": bomb}), "a")


def test_a_note_is_read_once_however_often_it_is_marked() -> None:
    mark = '<w:p><w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
    note = f'<w:footnote w:id="2">{paragraph("word " * 2000)}</w:footnote>'
    assert len(text(mark * 2000, note)) < 20_000


def test_elements_inside_of_each_other_without_end_are_read() -> None:
    assert text("<w:p>" * 20_000 + "<w:r><w:t>deep</w:t></w:r>" + "</w:p>" * 20_000) == "deep"
    assert text("<w:tbl><w:tr><w:tc>" * 5000 + paragraph("deep") + "</w:tc></w:tr></w:tbl>" * 5000) == "deep"


def test_a_damaged_file_is_a_document_or_an_error() -> None:
    for copy in damaged(word_file(REPORT)):
        assert survives(lambda data: read_word("/docs/a.docx", data, "a"), copy)


def test_damaged_xml_in_a_whole_zip_file_is_a_document_or_an_error() -> None:
    parts = word_parts(REPORT)
    for name, part in parts.items():
        for copy in damaged(str(part).encode()):
            data = zipped({**parts, name: copy})
            assert survives(lambda data: read_word("/docs/a.docx", data, "a"), data)
