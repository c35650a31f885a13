"""XLSX: rows as records, with the values that Excel shows."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from datetime import date, datetime, time
from itertools import islice
from typing import TYPE_CHECKING

import pytest
from openpyxl import Workbook

from ragchat.core.place import Place
from ragchat.documents.readers.spreadsheet import MOST_ROWS, read_xlsx
from ragchat.documents.split import split
from ragchat.errors import DocumentError
from tests.documents.damage import damaged
from tests.documents.survival import survives

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ragchat.core.document import Document


def _book(**sheets: Iterable[Sequence[object]]) -> Workbook:
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return book


def _bytes(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _read(data: bytes) -> Document:
    return read_xlsx("/docs/prices.xlsx", data, "prices")


def _records(data: bytes) -> list[tuple[Place, str, str]]:
    """Place, heading and text of each record."""
    return [(chunk.place, chunk.heading, chunk.text.strip()) for chunk in split(_read(data))]


def _shown(*values: object, **formats: str) -> str:
    """What is read from a column `v` of these values; `formats` are the formats of numbers by cell."""
    book = _book(S=[("v", "w"), *((value, "x") for value in values)])
    for cell, form in formats.items():
        book["S"][cell].number_format = form
    lines = _read(_bytes(book)).text.split("\n")
    return " ".join(line.removeprefix("v: ") for line in lines if line.startswith("v: "))


def _with_part(data: bytes, name: str, content: bytes) -> bytes:
    """The package with one part exchanged or added."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        new.writestr(name, content)
    return file.getvalue()


_SMALL = [("name", "price"), ("salt", 2), ("rice", 3)]


def test_each_row_of_each_sheet_is_a_record_under_its_sheet() -> None:
    assert _records(_bytes(_book(Food=_SMALL, Tools=[("tool",), ("spoon",)]))) == [
        (Place("record", 2, 2), "Food", "name: salt\nprice: 2"),
        (Place("record", 3, 3), "Food", "name: rice\nprice: 3"),
        (Place("record", 2, 2), "Tools", "tool: spoon"),
    ]


def test_a_row_shows_its_text_and_is_found_by_its_other_fields() -> None:
    rows = [("Text", "region"), ("Mustard greens.", "Punjab")]
    assert _records(_bytes(_book(Food=rows))) == [
        (Place("record", 2, 2), "Food › Region: Punjab", "Mustard greens."),
    ]


def test_rows_are_numbered_as_excel_shows_them() -> None:
    book = _book(Food=[])
    for row, values in {4: ("name", "price"), 7: ("salt", 2), 900: ("rice", 3)}.items():
        for column, value in enumerate(values, start=2):
            book["Food"].cell(row, column, value)
    assert [place for place, _, _ in _records(_bytes(book))] == [Place("record", 7, 7), Place("record", 900, 900)]


def test_a_title_above_the_table_is_no_header() -> None:
    assert _records(_bytes(_book(Food=[("Prices of 2024",), (), *_SMALL[:2]]))) == [
        (Place("record", 1, 1), "Food", "Prices of 2024"),
        (Place("record", 4, 4), "Food", "name: salt\nprice: 2"),
    ]


def test_a_row_that_stands_alone_is_read() -> None:
    assert _records(_bytes(_book(Food=[("salt", 2)]))) == [(Place("record", 1, 1), "Food", "salt 2")]


def test_columns_without_a_name_or_of_one_name_lose_nothing() -> None:
    assert _read(_bytes(_book(S=[("a", None, "a"), (1, 2, 3, 4)]))).text == (
        "a: 1\ncolumn 2: 2\na (3): 3\ncolumn 4: 4"
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (3.0, "3"),
        (0.1 + 0.2, "0.3"),
        (1234567, "1234567"),
        (True, "yes"),
        (False, "no"),
        (date(2024, 5, 1), "2024-05-01"),
        (datetime(2024, 5, 1, 13, 30), "2024-05-01 13:30:00"),
        (time(13, 30), "13:30:00"),
        ("  two words ", "two words"),
        ("#DIV/0!", ""),
        ("", ""),
    ],
)
def test_values_are_read_as_excel_shows_them(value: object, shown: str) -> None:
    assert _shown(value) == shown


@pytest.mark.parametrize(("value", "form", "shown"), [(0.256, "0.0%", "25.6%"), (123, "00000", "00123")])
def test_percentages_and_leading_zeros_are_read_as_excel_shows_them(value: float, form: str, shown: str) -> None:
    assert _shown(value, A2=form) == shown


def test_a_formula_is_read_by_its_last_value() -> None:
    data = _bytes(_book(S=[("v", "w"), ("=1+1", "x")]))
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        sheet = package.read("xl/worksheets/sheet1.xml")
    assert b"<v />" in sheet or b"<v></v>" in sheet or b"<v/>" in sheet
    for empty in (b"<v />", b"<v></v>", b"<v/>"):
        sheet = sheet.replace(empty, b"<v>2</v>")
    assert _read(_with_part(data, "xl/worksheets/sheet1.xml", sheet)).text == "v: 2\nw: x"


def test_merged_cells_are_read_once() -> None:
    book = _book(S=[("a", "b"), ("salt", None), ("rice", 1)])
    book["S"].merge_cells("A2:B2")
    assert _read(_bytes(book)).text == "a: salt\n\na: rice\nb: 1"


def test_hidden_sheets_are_left_out_and_told() -> None:
    book = _book(Food=_SMALL, Salaries=_SMALL)
    book["Salaries"].sheet_state = "hidden"
    read = _read(_bytes(book))
    assert {section.heading for section in read.sections} == {("Food",)}
    assert read.warnings == ("the hidden sheet Salaries is left out",)


def test_rows_beyond_the_bound_are_left_out_and_told() -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("S")
    for number in range(MOST_ROWS + 10):
        sheet.append((number,))
    read = _read(_bytes(book))
    assert read.sections[-1].place == Place("record", MOST_ROWS, MOST_ROWS)
    assert read.warnings == (f"too long: only the first {MOST_ROWS:,} rows are read",)


_SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">%s</worksheet>'


def test_cells_at_the_end_of_excel_take_no_time() -> None:
    rows = b"".join(b'<row r="%d"><c r="XFD%d"><v>1</v></c></row>' % (row, row) for row in range(1, 3000))
    part = _SHEET % (b'<dimension ref="A1:XFD1048576"/><sheetData>%s</sheetData>' % rows)
    read = _read(_with_part(_bytes(_book(S=_SMALL)), "xl/worksheets/sheet1.xml", part))
    assert read.warnings[0].startswith("too long: only the first ")


def test_a_wrong_size_in_the_file_loses_nothing() -> None:
    rows = b"<row><c><v>1</v></c><c><v>2</v></c></row>" * 2
    part = _SHEET % (b'<dimension ref="A1"/><sheetData>%s</sheetData>' % rows)
    assert _read(_with_part(_bytes(_book(S=_SMALL)), "xl/worksheets/sheet1.xml", part)).text == "1: 1\n2: 2"


def test_a_row_of_a_number_without_end_takes_no_time() -> None:
    part = _SHEET % b'<sheetData><row r="99999999999"><c><v>1</v></c></row></sheetData>'
    with pytest.raises(DocumentError, match="hold no rows"):
        _read(_with_part(_bytes(_book(S=_SMALL)), "xl/worksheets/sheet1.xml", part))


@pytest.mark.parametrize(
    "part",
    [
        ("xl/worksheets/sheet1.xml", b"<row/>" * 30_000_000),
        ("xl/styles.xml", b"<xf/>" * 3_000_000),
        ("xl/media/image1.png", b"\0" * 300 * 2**20),
    ],
    ids=["cells", "styles", "zeros"],
)
def test_bombs_are_refused(part: tuple[str, bytes]) -> None:
    with pytest.raises(DocumentError, match="far more"):
        _read(_with_part(_bytes(_book(S=_SMALL)), *part))


@pytest.mark.parametrize("data", [b"", b"words", b"PK\x03\x04words"])
def test_what_is_no_workbook_is_refused(data: bytes) -> None:
    with pytest.raises(DocumentError, match=r"\.$"):
        _read(data)


def test_a_zip_of_something_else_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        package.writestr("a.txt", "words")
    with pytest.raises(DocumentError, match="damaged"):
        _read(file.getvalue())


def test_a_locked_workbook_is_told() -> None:
    with pytest.raises(DocumentError, match="password"):
        _read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512))


def test_an_empty_workbook_is_refused() -> None:
    with pytest.raises(DocumentError, match=r"^Its visible sheets hold no rows\.$"):
        _read(_bytes(_book(S=[])))


def test_without_the_extra_the_cure_is_told() -> None:
    code = (
        "import sys; sys.modules['openpyxl'] = None\n"
        "from ragchat.documents.readers.spreadsheet import read_xlsx\n"
        "from ragchat.errors import DocumentError\n"
        "try: read_xlsx('a', sys.stdin.buffer.read(), 'a')\n"
        "except DocumentError as error: print(error.hint)"
    )
    data = _bytes(_book(S=_SMALL))
    ran = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, timeout=60, check=True)
    assert ran.stdout.decode().strip() == "Run `pip install 'ragchat[office]'`."


def test_damaged_workbooks_are_read_or_refused() -> None:
    whole = _bytes(_book(Food=[("name", "price"), *(("salt", number) for number in range(50))]))
    assert all(survives(_read, data) for data in damaged(whole))


def test_workbooks_with_damaged_parts_are_read_or_refused() -> None:
    whole = _bytes(_book(Food=[("name", "date"), *(("salt", date(2024, 5, day)) for day in range(1, 20))]))
    with zipfile.ZipFile(io.BytesIO(whole)) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    for name, content in parts.items():
        assert all(survives(_read, _with_part(whole, name, copy)) for copy in islice(damaged(content), 20))
