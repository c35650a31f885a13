"""CSV and its kin: one record for each row."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from ragchat.core.place import Place
from ragchat.documents.readers.numbered import numbered
from ragchat.documents.readers.records import Sheet, add_record, column_names
from ragchat.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ragchat.core.document import Document


def read_csv(source: str, text: str, title: str) -> Document:  # noqa: ARG001 - the signature of a reader
    """One record for each row below the header; the separator is found in the header.

    Where quotation marks make no row, a line is one, and reported.
    """
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    sheet = Sheet()
    stray: list[int] = []
    header: list[str] = []
    names: list[str] = []
    number = 0
    for line, row in _rows(text, stray):
        if not any(cell.strip() for cell in row):
            continue
        if not header:
            header, names = row, column_names(row, len(row))
            continue
        number += 1
        if len(row) > len(names):
            names = column_names(header, len(row))
        add_record(sheet, dict(zip(names, row, strict=False)), Place("record", number, number, line))
    if header and not number:
        raise DocumentError("It has a header and no rows.")
    if stray:
        sheet.warnings.append(f"stray quotation marks in {numbered('line', stray)}")
    return sheet.document(source)


def _rows(text: str, stray: list[int]) -> Iterator[tuple[int, list[str]]]:
    """Each row with its first line, from 1; lines that are no CSV, and so rows by themselves, go to `stray`."""
    lines = list(io.StringIO(text))
    delimiter = _delimiter(text)
    line = 0
    while line < len(lines):
        begun = line
        rows = csv.reader(map(lines.__getitem__, range(begun, len(lines))), delimiter=delimiter, strict=True)
        try:
            for row in rows:
                yield line + 1, row
                line = begun + rows.line_num
        except csv.Error:
            yield line + 1, next(csv.reader([lines[line]], delimiter=delimiter))
            line += 1
            stray.append(line)


def _delimiter(text: str) -> str:
    header = next((line for line in text.split("\n", 20) if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", header)
    return max(",;\t|", key=bare.count)
