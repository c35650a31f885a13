"""Jupyter notebooks: each cell is found by its number, below the headings of the Markdown cells before it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ragchat.core.document import Document, Section
from ragchat.core.place import Place
from ragchat.documents.readers.code import code_sections, language_of
from ragchat.documents.readers.json_files import parsed, without_half_pairs
from ragchat.documents.readers.markdown import Outline
from ragchat.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ragchat.documents.readers.languages import Language
    from ragchat.documents.readers.records import Json

_MOST_OUTPUT = 2000
"""Characters of the outputs of one cell that are kept: enough for a result, not for a log."""

_ESCAPE_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")
# A progress bar writes over its line: what stood there last is read.
_OVERWRITTEN = re.compile(r"^[^\n]*\r(?=[^\r\n])", re.MULTILINE)
_LEVELS = ("1", "2", "3", "4", "5", "6")
_BETWEEN = "\n\n"


def read_notebook(source: str, text: str, title: str) -> Document:
    """The cells of format 3 or 4 in order; raises `DocumentError`.

    Code is followed by its text outputs; images are left out. The first top heading names the document.
    """
    notebook = parsed(without_half_pairs(text))
    pages = _Pages(_language(notebook))
    for number, cell in enumerate(_cells(notebook), start=1):
        pages.add(cell, Place("cell", number, number))
    return Document(source, _BETWEEN.join(pages.parts), pages.outline.title or title, tuple(pages.sections))


@dataclass(slots=True)
class _Pages:
    """The text of the cells so far, one after the other, and where each lies."""

    language: Language | None
    outline: Outline = field(default_factory=Outline)
    parts: list[str] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    _length: int = 0

    def add(self, cell: Json, place: Place) -> None:
        """Write what `cell` says; nothing when it is blank."""
        kind = _member(cell, "cell_type")
        said = _joined(_member(cell, "source")) or _joined(_member(cell, "input"))
        if kind == "code":
            self._add(said, code_sections(said, self.language), place, self.outline.heading)
            output = _output(cell)
            self._add(output, (Section(0, len(output), verbatim=True),), place, self.outline.heading)
        elif kind == "raw":
            self._add(said, (Section(0, len(said)),), place, self.outline.heading)
        else:
            if kind == "heading":  # a kind of its own in format 3
                said = f"{'#' * _level(cell)} {said}"
            self._add(said, self.outline.read(said), place)

    def _add(self, text: str, sections: Iterable[Section], place: Place, above: tuple[str, ...] = ()) -> None:
        if not text.strip():
            return
        for section in sections:
            self.sections.append(
                replace(
                    section,
                    start=section.start + self._length,
                    end=section.end + self._length,
                    heading=above + section.heading,
                    place=place,
                )
            )
        self.parts.append(text)
        self._length += len(text) + len(_BETWEEN)


def _cells(notebook: Json) -> Iterator[Json]:
    sheets = _member(notebook, "worksheets")
    lists = [_member(sheet, "cells") for sheet in (sheets if isinstance(sheets, list) else [notebook])]
    found = [cells for cells in lists if isinstance(cells, list)]
    if not found:
        raise DocumentError("It is JSON, but no notebook.", "Save it again with Jupyter.")
    for cells in found:
        yield from cells


def _language(notebook: Json) -> Language | None:
    """The kernel's language by the suffix of its files, Python where it names none."""
    suffix = _member(_member(_member(notebook, "metadata"), "language_info"), "file_extension")
    return language_of(f"cell{suffix}" if isinstance(suffix, str) else "cell.py")


def _level(cell: Json) -> int:
    level = _member(cell, "level")
    return int(level) if isinstance(level, str) and level in _LEVELS else 1


def _output(cell: Json) -> str:
    """The text outputs of a code cell as a terminal shows them, the beginning of what is too long."""
    outputs = _member(cell, "outputs")
    shown = (_output_text(output) for output in (outputs if isinstance(outputs, list) else ()))
    text = "\n".join(part.strip("\n") for part in shown if part.strip())
    return text if len(text) <= _MOST_OUTPUT else f"{text[: _MOST_OUTPUT - 1]}…"


def _output_text(output: Json) -> str:
    data = _member(output, "data")
    if _member(output, "output_type") == "error":
        text = f"{_joined(_member(output, 'ename'))}: {_joined(_member(output, 'evalue'))}"
    elif isinstance(data, dict) and any(kind.startswith("image/") for kind in data):
        text = ""  # the text beside an image is only the name of its class
    else:
        text = _joined(_member(data, "text/plain")) or _joined(_member(output, "text"))
    return _OVERWRITTEN.sub("", _ESCAPE_SEQUENCE.sub("", text)).replace("\r", "")


def _member(value: Json, name: str) -> Json:
    return value.get(name) if isinstance(value, dict) else None


def _joined(value: Json) -> str:
    """Text, which may be stored line by line; nothing for anything else."""
    lines = value if isinstance(value, list) else [value]
    return "".join(line for line in lines if isinstance(line, str)).replace("\r\n", "\n")
