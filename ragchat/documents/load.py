"""A path becomes a document."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from ragchat.documents.decode import REPLACEMENT, decode, is_binary
from ragchat.documents.readers.json_files import read_json, read_json_lines
from ragchat.documents.readers.markdown import read_markdown
from ragchat.documents.readers.tables import read_csv
from ragchat.documents.readers.text import read_text
from ragchat.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ragchat.core.document import Document

READERS_VERSION = 1
"""Goes up when the same file gives another document."""

_READERS: dict[str, Callable[[str, str, str], Document]] = {
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".csv": read_csv,
    ".tsv": read_csv,
    ".json": read_json,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
}


def parse(source: str, data: bytes, encoding: str | None = None) -> Document:
    """The document in `data`, read as the suffix of `source` says, else as plain text.

    `encoding` says what it is written in; None finds it out. Raises `DocumentError` for what is not text, cannot be
    read, or holds no words.
    """
    if is_binary(data[:8192]):
        raise DocumentError("It is a binary file.", "Convert it to text.")
    name = PurePath(source)
    read = _READERS.get(name.suffix.lower(), read_text)
    text = decode(data, encoding)
    document = read(source, text, name.stem)
    if not any(document.text[section.start : section.end].strip() for section in document.sections):
        raise DocumentError("It holds no text.")
    if damaged := text.count(REPLACEMENT):
        warning = f"{damaged} damaged characters are read as {REPLACEMENT}"
        return replace(document, warnings=(*document.warnings, warning))
    return document
