"""Documents and chunks as the tests look at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat.documents.load import parse
from ragchat.documents.split import split

if TYPE_CHECKING:
    from ragchat.core.document import Chunk, Document
    from ragchat.core.place import Place


def document(name: str, text: str) -> Document:
    """What is read from a file of this name and text."""
    return parse(f"/docs/{name}", text.encode())


def chunks(name: str, text: str) -> list[Chunk]:
    """Its chunks."""
    return list(split(document(name, text)))


def outline(name: str, text: str) -> list[tuple[str, str]]:
    """Heading and text of each section, without the white space around it."""
    read = document(name, text)
    return [
        (" › ".join(section.heading), read.text[section.start : section.end].strip()) for section in read.sections
    ]


def places(name: str, text: str) -> list[tuple[str, Place]]:
    """Text and place of each chunk."""
    return [(chunk.text.strip(), chunk.place) for chunk in chunks(name, text)]
