"""The parts of a Word file beside its text: where they are, what its styles mean, its notes."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ragchat.documents.readers.archive import Archive
from ragchat.documents.readers.xml_events import xml_events
from ragchat.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ragchat.documents.readers.xml_events import Event

CURE = "Open it in Word or LibreOffice and save it as .docx again."
# Word and LibreOffice write the first of each pair, "Strict Open XML" is the second.
_PREFIXES = {
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main": "w:",
    "http://purl.oclc.org/ooxml/wordprocessingml/main": "w:",
    "http://schemas.openxmlformats.org/officeDocument/2006/math": "m:",
    "http://purl.oclc.org/ooxml/officeDocument/math": "m:",
    "http://schemas.openxmlformats.org/markup-compatibility/2006": "mc:",
}
# What was deleted or moved away, what formatting was before, and what stands there a second time.
_LEFT_OUT = frozenset({"w:del", "w:moveFrom", "w:pPrChange", "w:rPrChange", "mc:Fallback", "w:rt"})
_OLE_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_HEADING_NAME = re.compile(r"heading ([1-9])", re.IGNORECASE)
_OUTLINE_LEVEL = re.compile("[0-8]")
_DEEPEST_STYLE = 20


class WordPackage:
    """Opens a Word file; raises `DocumentError`."""

    def __init__(self, data: bytes) -> None:
        if data.startswith(_OLE_FILE):
            if _ENCRYPTED in data:
                raise DocumentError("It is encrypted.", "Save a copy without a password.")
            raise DocumentError("It is in the format of Word 97.", "Save it as .docx.")
        self._archive = Archive(data, cure=CURE)
        main = self._related("").get("officeDocument")
        if main is None:
            raise DocumentError("It is no Word document.", CURE)
        self._main = main
        self._parts = self._related(main)

    def body(self) -> Iterator[Event]:
        """What stands in the text, without what was deleted."""
        return _kept(self._events(self._main))

    def styles(self) -> Styles:
        """What its styles mean; nothing where it has none."""
        return _styles(self._part("styles"))

    def notes(self) -> dict[str, str]:
        """The text of footnotes and endnotes by the name of their mark: `w:footnoteReference 2`."""
        return {
            f"w:{kind}Reference {number}": text
            for kind in ("footnote", "endnote")
            for number, text in _notes(_kept(self._part(f"{kind}s")), f"w:{kind}")
        }

    def _part(self, kind: str) -> Iterator[Event]:
        part = self._parts.get(kind, "")
        return self._events(part) if part in self._archive else iter(())

    def _events(self, part: str) -> Iterator[Event]:
        return xml_events(self._archive.pieces(part), part, _PREFIXES, cure=CURE)

    def _related(self, part: str) -> Mapping[str, str]:
        """The parts that `part` refers to, by the last word of what they are to it."""
        folder, name = posixpath.split(part)
        list_name = posixpath.join(folder, "_rels", f"{name}.rels")
        if list_name not in self._archive:
            return {}
        return {
            posixpath.basename(event.attributes.get("Type", "")): posixpath.normpath(
                posixpath.join("/", folder, event.attributes.get("Target", ""))
            ).lstrip("/")
            for event in self._events(list_name)
            if event.name == "Relationship" and event.attributes.get("TargetMode") != "External"
        }


@dataclass(slots=True)
class Styles:
    """Styles by their identifier: headings with their level, from 1, and what the others are for."""

    headings: dict[str, int] = field(default_factory=dict)
    titles: set[str] = field(default_factory=set)
    items: set[str] = field(default_factory=set)
    contents: set[str] = field(default_factory=set)


def outline_level(event: Event) -> int:
    """The level of a heading, from 1; 0 for text."""
    value = event.attributes.get("w:val", "")
    return int(value) + 1 if _OUTLINE_LEVEL.fullmatch(value) else 0


def _styles(events: Iterable[Event]) -> Styles:
    styles = Styles()
    based_on: dict[str, str] = {}
    style = ""
    for event in events:
        if event.kind != "start":
            continue
        value = event.attributes.get("w:val", "")
        if event.name == "w:style":
            style = event.attributes.get("w:styleId", "")
        elif event.name == "w:basedOn":
            based_on[style] = value
        elif event.name == "w:numPr":
            styles.items.add(style)
        elif event.name == "w:outlineLvl":
            styles.headings.setdefault(style, outline_level(event))
        elif event.name == "w:name":
            # Names are English in every language of Word; identifiers are not.
            if heading := _HEADING_NAME.fullmatch(value):
                styles.headings[style] = int(heading[1])
            elif value.casefold() == "title":
                styles.titles.add(style)
            elif value.casefold().startswith("toc "):
                styles.contents.add(style)
    for style in based_on:
        styles.headings.setdefault(style, _inherited(style, styles.headings, based_on))
    return styles


def _inherited(style: str, headings: Mapping[str, int], based_on: Mapping[str, str]) -> int:
    for _ in range(_DEEPEST_STYLE):
        if style in headings:
            return headings[style]
        style = based_on.get(style, "")
    return 0


def _kept(events: Iterable[Event]) -> Iterator[Event]:
    depth = 0
    for event in events:
        if event.name in _LEFT_OUT and event.kind != "text":
            depth += 1 if event.kind == "start" else -1
        elif not depth:
            yield event


def _notes(events: Iterable[Event], element: str) -> Iterator[tuple[str, str]]:
    number = ""
    parts: list[str] = []
    in_text = False
    for event in events:
        if event.kind == "text":
            if in_text:
                parts.append(event.name)
        elif event.name == "w:t":
            in_text = event.kind == "start"
        elif event.name == "w:p":
            parts.append(" ")
        elif event.name == element:
            if event.kind == "start":
                number = event.attributes.get("w:id", "")
                parts.clear()
            elif text := " ".join("".join(parts).split()):
                yield number, text
