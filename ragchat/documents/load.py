"""A path becomes a document."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from ragchat.documents.decode import REPLACEMENT, decode, is_binary
from ragchat.documents.readers.code import CODE_NAMES, CODE_SUFFIXES, read_code
from ragchat.documents.readers.epub import read_epub
from ragchat.documents.readers.html import read_html
from ragchat.documents.readers.json_files import read_json, read_json_lines
from ragchat.documents.readers.markdown import read_markdown
from ragchat.documents.readers.notebook import read_notebook
from ragchat.documents.readers.pdf import read_pdf
from ragchat.documents.readers.slides import read_pptx
from ragchat.documents.readers.spreadsheet import read_xlsx
from ragchat.documents.readers.tables import read_csv
from ragchat.documents.readers.text import read_text
from ragchat.documents.readers.word import read_word
from ragchat.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ragchat.core.document import Document

    TextReader = Callable[[str, str, str], Document]
    FileReader = Callable[[str, bytes, str], Document]

_OF_TEXT: dict[str, TextReader] = {
    **dict.fromkeys(CODE_SUFFIXES, read_code),
    **dict.fromkeys((".md", ".markdown"), read_markdown),
    **dict.fromkeys((".csv", ".tsv"), read_csv),
    **dict.fromkeys((".jsonl", ".ndjson"), read_json_lines),
    **dict.fromkeys((".html", ".htm", ".xhtml"), read_html),
    ".json": read_json,
    ".ipynb": read_notebook,
}
_OF_BYTES: dict[str, FileReader] = {
    ".pdf": read_pdf,
    **dict.fromkeys((".docx", ".docm"), read_word),
    ".epub": read_epub,
    ".xlsx": read_xlsx,
    ".pptx": read_pptx,
}


def is_readable(source: str, head: bytes) -> bool:
    """Whether the file `source`, which begins with `head`, is of a format that is known, or text."""
    return PurePath(source).suffix.lower() in _OF_BYTES or not is_binary(head)


def parse(source: str, data: bytes, encoding: str | None = None) -> Document:
    """The document in `data`, read as the name of `source` says, else as plain text.

    `encoding` says what text is written in; None finds it out. Raises `DocumentError` for what is not text and
    of no known format, cannot be read, or holds no words.
    """
    name = PurePath(source)
    of_bytes = _OF_BYTES.get(name.suffix.lower())
    document = of_bytes(source, data, name.stem) if of_bytes else _of_text(source, data, encoding)
    if not any(document.text[section.start : section.end].strip() for section in document.sections):
        raise DocumentError("It holds no text.")
    return document


def _of_text(source: str, data: bytes, encoding: str | None) -> Document:
    if is_binary(data[:8192]):
        raise DocumentError("It is a binary file.", "Convert it to text.")
    name = PurePath(source)
    text = decode(data, encoding)
    named = name.name.lower() in CODE_NAMES
    read = read_code if named else _OF_TEXT.get(name.suffix.lower(), read_text)
    document = read(source, text, name.stem)
    if damaged := text.count(REPLACEMENT):
        warning = f"{damaged} damaged characters are read as {REPLACEMENT}"
        return replace(document, warnings=(*document.warnings, warning))
    return document
