"""EPUB: the chapters of a book in reading order, each paragraph numbered through the book."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ragchat.documents.decode import decode
from ragchat.documents.readers.archive import Archive
from ragchat.documents.readers.blocks import LONGEST_HEADING, Block, document
from ragchat.documents.readers.html_page import read_page
from ragchat.documents.readers.xml_events import xml_events
from ragchat.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ragchat.core.document import Document
    from ragchat.documents.readers.xml_events import Event

_CURE = "Open it in an e-book reader; if that works, convert it to EPUB again."
_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_PACKAGE_TYPE = "application/oebps-package+xml"
_CHAPTER_TYPES = frozenset({"application/xhtml+xml", "text/html", "text/x-oeb1-document"})
# Fonts may be veiled in a book that anybody may read.
_FONT_VEILS = frozenset({"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"})


def read_epub(source: str, data: bytes, title: str) -> Document:
    """Headings are the breadcrumb; a paragraph is what stands apart: headings, items and rows count too.

    A chapter that cannot be read is a warning while others can. Raises `DocumentError`.
    """
    archive = Archive(data, cure=_CURE)
    _refuse_locked(archive)
    book = _book(archive)
    blocks: list[Block] = []
    broken: list[str] = []
    for chapter in book.chapters:
        try:
            blocks += read_page(decode(archive.read(chapter))).blocks
        except DocumentError:
            broken.append(posixpath.basename(chapter))
    if not book.chapters or len(broken) == len(book.chapters):
        raise DocumentError("None of its chapters can be read.", _CURE)
    warnings = [f"{len(broken)} of {len(book.chapters)} chapters cannot be read: {', '.join(broken[:3])}"]
    named = " ".join(book.title.split())[:LONGEST_HEADING]
    return document(source, named or title, _numbered(blocks), "paragraph", *(warnings if broken else ()))


def _refuse_locked(archive: Archive) -> None:
    if _ENCRYPTION not in archive:
        return
    for event in xml_events(archive.pieces(_ENCRYPTION), _ENCRYPTION, cure=_CURE):
        method = event.kind == "start" and event.name == "EncryptionMethod"
        if method and event.attributes.get("Algorithm") not in _FONT_VEILS:
            raise DocumentError("Its text is locked by copy protection (DRM).", "Use a copy without protection.")


@dataclass(slots=True)
class _Book:
    """`chapters` are names of parts, in reading order, each once."""

    title: str = ""
    chapters: dict[str, None] = field(default_factory=dict)


def _book(archive: Archive) -> _Book:
    package = _package(archive)
    folder = posixpath.dirname(package)
    book = _Book()
    parts: dict[str, str] = {}
    in_title = False
    for event in xml_events(archive.pieces(package), package, cure=_CURE):
        if event.kind != "start":
            if in_title and event.kind == "text":
                book.title += event.name
            in_title = in_title and event.kind == "text"
        elif event.name == "title":
            # A book may have several; the first is the main one.
            in_title = not book.title
        elif event.name == "item":
            if _is_chapter(event):
                address = unquote(event.attributes.get("href", ""))
                parts[event.attributes.get("id", "")] = posixpath.normpath(posixpath.join(folder, address))
        elif event.name == "itemref" and (part := parts.get(event.attributes.get("idref", ""))):
            book.chapters[part] = None
    return book


def _package(archive: Archive) -> str:
    """The name of the part that lists the others."""
    for event in xml_events(archive.pieces(_CONTAINER), _CONTAINER, cure=_CURE):
        if event.name == "rootfile" and event.attributes.get("media-type") == _PACKAGE_TYPE:
            return event.attributes.get("full-path", "")
    raise DocumentError("It does not say what the book is made of.", _CURE)


def _is_chapter(item: Event) -> bool:
    """Whether an item is text; the table of contents is none."""
    return (
        item.attributes.get("media-type") in _CHAPTER_TYPES
        and "nav" not in item.attributes.get("properties", "").split()
    )


def _numbered(blocks: Iterable[Block]) -> Iterator[Block]:
    """Each block with its number instead of its lines; the lines of code are one paragraph."""
    number = 0
    code = False
    for block in blocks:
        number += not (code and block.kind == "verbatim")
        code = block.kind == "verbatim"
        yield replace(block, first=number, last=number)
