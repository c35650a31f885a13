"""XLSX: one record for each row of each sheet."""

from __future__ import annotations

import io
import re
import warnings
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, time
from itertools import chain, islice
from typing import TYPE_CHECKING, TypeAlias

from ragchat.core.place import Place
from ragchat.documents.readers.office import CURE, check_package, missing_library
from ragchat.documents.readers.records import Sheet, add_record, column_names
from ragchat.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from openpyxl import Workbook
    from openpyxl.cell.read_only import ReadOnlyCell

    from ragchat.core.document import Document
    from ragchat.documents.readers.records import Json

MOST_ROWS = 100_000
# Rows and cells without anything count: one in the last column makes its row sixteen thousand wide, and a row may
# have any number.
_MOST_CELLS = 5_000_000
_ROWS_ABOVE_HEADER = 10
_STREAMED = re.compile(r"(?:.*/)?(?:worksheets/[^/]+|sharedStrings[^/]*)\.xml", re.IGNORECASE)
_ZEROS = re.compile(r"0{2,}")
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')

Row: TypeAlias = "tuple[int, list[str]]"
"""The number of a row as Excel shows it, and what its cells show."""


def read_xlsx(source: str, data: bytes, title: str) -> Document:  # noqa: ARG001 - the signature of a reader
    """Rows below the header of their sheet, formulas by the value they had when the file was saved.

    Raises `DocumentError`, also when the extra `office` is not installed.
    """
    check_package(data, streamed=lambda name: bool(_STREAMED.fullmatch(name)))
    sheet = Sheet()
    try:
        # It warns of what it does not keep when it writes; nothing is written here.
        with warnings.catch_warnings(), closing(_workbook(data)) as book:
            warnings.simplefilter("ignore")
            _add_sheets(sheet, book)
    except DocumentError:
        raise
    except Exception as error:  # a damaged file ends in whatever its parsers stumble over
        raise DocumentError("This workbook is damaged and cannot be read.", CURE) from error
    if not sheet.sections:
        raise DocumentError("Its visible sheets hold no rows.")
    return sheet.document(source)


def _workbook(data: bytes) -> Workbook:
    try:
        from openpyxl import load_workbook  # noqa: PLC0415 - optional, and half a second
    except ImportError as error:
        raise missing_library() from error
    return load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)


def _add_sheets(sheet: Sheet, book: Workbook) -> None:
    room = _Room()
    for worksheet in book.worksheets:
        if worksheet.sheet_state != "visible":
            sheet.warnings.append(f"the hidden sheet {worksheet.title} is left out")
            continue
        # What a file says of its size may be wrong; without it, a row ends at its last cell.
        worksheet.reset_dimensions()
        _add_rows(sheet, room.rows(worksheet.iter_rows()), worksheet.title)
    if room.used_up:
        sheet.warnings.append(f"too long: only the first {room.read:,} rows are read")


@dataclass(slots=True)
class _Room:
    """How much of a workbook is read, of all sheets together."""

    read: int = 0
    cells: int = 0
    used_up: bool = False

    def rows(self, rows: Iterable[tuple[ReadOnlyCell, ...]]) -> Iterator[Row]:
        """Those that show anything, without the empty cells at their end."""
        for number, cells in enumerate(rows, start=1):
            self.cells += 1 + len(cells)
            self.used_up = self.used_up or self.cells > _MOST_CELLS
            shown = [_shown(cell) for cell in cells] if not self.used_up else []
            while shown and not shown[-1]:
                shown.pop()
            if shown and self.read == MOST_ROWS:
                self.used_up = True
            if self.used_up:
                return
            if shown:
                self.read += 1
                yield number, shown


def _add_rows(sheet: Sheet, rows: Iterator[Row], name: str) -> None:
    above, header, first = _header(list(islice(rows, _ROWS_ABOVE_HEADER)))
    for number, cells in above:
        sheet.add(" ".join(filter(None, cells)), (name,), Place("record", number, number))
    names = column_names(header, len(header))
    for number, cells in chain(first, rows):
        if len(cells) > len(names):
            names = column_names(header, len(cells))
        record: Json = {column: cell for column, cell in zip(names, cells, strict=False) if cell}
        add_record(sheet, record, Place("record", number, number), (name,))


def _header(first: list[Row]) -> tuple[list[Row], list[str], list[Row]]:
    """The rows above the header, the header, and those below; a title above a table fills one cell only.

    A row that stands alone is text and no header.
    """
    wide = (index for index, (_, cells) in enumerate(first) if sum(map(bool, cells)) > 1)
    index = next(wide, 0)
    if index >= len(first) - 1:
        return first, [], []
    return first[:index], first[index][1], first[index + 1 :]


def _shown(cell: ReadOnlyCell) -> str:
    """What Excel would show, as far as it tells more than the format of a number."""
    value = cell.value
    if value is None or cell.data_type == "e":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return _number(value, _QUOTED.sub("", cell.number_format or ""))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, time):
        return value.isoformat("seconds")
    return str(value).strip()


def _number(value: float, form: str) -> str:
    if "%" in form:
        return f"{value * 100:.15g}%"
    if isinstance(value, int):
        # Postcodes and article numbers keep their zeros.
        return f"{value:0{len(form)}}" if _ZEROS.fullmatch(form) else str(value)
    return f"{value:.15g}"  # a float has no more digits that mean anything
