"""CSV and its kin: one record for each row."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from ragchat.core.place import Place
from ragchat.documents.readers.records import Sheet, add_record, column_names
from ragchat.errors import DocumentError

if TYPE_CHECKING:
    from ragchat.core.document import Document


def read_csv(source: str, text: str, title: str) -> Document:  # noqa: ARG001 - the signature of a reader
    """One record for each row below the header; the separator is found in the header."""
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    sheet = Sheet()
    line = 1
    header: list[str] = []
    names: list[str] = []
    number = 0
    try:
        for row in rows:
            first, line = line, rows.line_num + 1
            if not any(cell.strip() for cell in row):
                continue
            if not header:
                header, names = row, column_names(row, len(row))
                continue
            number += 1
            if len(row) > len(names):
                names = column_names(header, len(row))
            add_record(sheet, dict(zip(names, row, strict=False)), Place("record", number, number, first))
    except csv.Error as error:
        raise DocumentError(
            f"The row at line {line} is not CSV: {error}.", "Check its quotation marks."
        ) from error
    if header and not number:
        raise DocumentError("It has a header and no rows.")
    return sheet.document(source)


def _delimiter(text: str) -> str:
    header = next((line for line in text.split("\n", 20) if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", header)
    return max(",;\t|", key=bare.count)
