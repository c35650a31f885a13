"""Word (.docx): paragraphs numbered through the text, headings, lists and tables.

Converters to HTML drop empty paragraphs, and with them the numbers; the XML is read as it stands.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ragchat.documents.readers.blocks import LONGEST_HEADING, Block, Flow, document
from ragchat.documents.readers.word_package import WordPackage, outline_level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ragchat.core.document import Document
    from ragchat.documents.readers.word_package import Styles
    from ragchat.documents.readers.xml_events import Event

_TEXT = frozenset({"w:t", "m:t"})
_SIGNS = {"w:tab": "\t", "w:ptab": "\t", "w:br": "\n", "w:cr": "\n", "w:noBreakHyphen": "-"}
_NOTES = frozenset({"w:footnoteReference", "w:endnoteReference"})
_OFF = frozenset({"0", "false", "off"})
_ITEM_LEVELS = frozenset("012345678")
# Said of a paragraph in a style for items that is none.
_NO_ITEM = -1


def read_word(source: str, data: bytes, title: str) -> Document:
    """Headings are the breadcrumb, the paragraph in the style Title names the document.

    Every paragraph of the text counts, empty ones and those in the cells of tables too; a text box and a note
    bear the number of the paragraph they hang on. Raises `DocumentError`.
    """
    package = WordPackage(data)
    text = _Text(package.styles(), package.notes())
    for event in package.body():
        text.feed(event)
    named = " ".join(text.title.split())[:LONGEST_HEADING]
    return document(source, named or title, text.flow.blocks, "paragraph")


@dataclass(slots=True)
class _Paragraph:
    """`item` is how deep its list is, from 0; `beside` stands in its notes and text boxes."""

    parts: list[str] = field(default_factory=list)
    style: str = ""
    level: int | None = None
    item: int | None = None
    beside: list[Block] = field(default_factory=list)


@dataclass(slots=True)
class _Text:
    """The blocks so far, and the paragraphs that are open: one in a text box stands inside of another."""

    styles: Styles
    notes: dict[str, str]
    flow: Flow = field(default_factory=Flow)
    title: str = ""
    _number: int = 0
    _open: list[_Paragraph] = field(default_factory=list)
    _in_text: bool = False
    _in_run: bool = False
    _hidden: bool = False

    def feed(self, event: Event) -> None:
        """The next event of the text."""
        if event.kind == "start":
            self._start(event)
        elif event.kind == "end":
            self._end(event.name)
        elif self._in_text:
            self._write(event.name)

    def _start(self, event: Event) -> None:
        if event.name == "w:p":
            self._number += not self._open
            self._open.append(_Paragraph())
            self._in_run = self._hidden = False
        elif event.name == "w:tr":
            self.flow.open_row()
        elif event.name == "w:tc":
            self.flow.open_cell()
        elif event.name in _TEXT:
            self._in_text = True
        elif event.name == "w:r":
            self._in_run, self._hidden = True, False
        elif self._open and self._in_run:
            self._in_the_run(event, self._open[-1])
        elif self._open:
            _format(event, self._open[-1])

    def _in_the_run(self, event: Event, paragraph: _Paragraph) -> None:
        if event.name in _SIGNS:
            self._write(_SIGNS[event.name])
        elif event.name == "w:vanish":
            self._hidden = event.attributes.get("w:val") not in _OFF
        elif event.name in _NOTES and (
            # Taken away, so that a thousand marks of one note do not make a thousand notes.
            note := self.notes.pop(f"{event.name} {event.attributes.get('w:id', '')}", "")
        ):
            paragraph.beside.append(Block(note, self._number, self._number))

    def _write(self, text: str) -> None:
        if self._open and not self._hidden:
            self._open[-1].parts.append(text)

    def _end(self, name: str) -> None:
        if name == "w:p":
            paragraph = self._open.pop()
            blocks = [*self._block(paragraph), *paragraph.beside]
            if self._open:
                self._open[-1].beside += blocks
            else:
                self.flow.add(*blocks)
        elif name == "w:tr":
            self.flow.close_row()
        elif name in _TEXT:
            self._in_text = False
        elif name == "w:r":
            self._in_run = self._hidden = False

    def _block(self, paragraph: _Paragraph) -> Iterator[Block]:
        """The paragraph itself, unless it is empty or an entry of the table of contents."""
        text = "".join(paragraph.parts).strip()
        if not text or paragraph.style in self.styles.contents:
            return
        number = self._number
        level = self.styles.headings.get(paragraph.style, 0) if paragraph.level is None else paragraph.level
        item = 0 if paragraph.item is None and paragraph.style in self.styles.items else paragraph.item
        if paragraph.style in self.styles.titles and not self.title:
            self.title = text
            yield Block(text, number, number, "heading")
        elif level and not self._open:
            yield Block(text, number, number, "heading", level)
        elif item is not None and item >= 0:
            yield Block(f"{'  ' * item}- {text}", number, number, "item")
        else:
            yield Block(text, number, number)


def _format(event: Event, paragraph: _Paragraph) -> None:
    """What the properties of a paragraph say of it."""
    value = event.attributes.get("w:val", "")
    if event.name == "w:pStyle":
        paragraph.style = value
    elif event.name == "w:outlineLvl":
        paragraph.level = outline_level(event)
    elif event.name == "w:numPr":
        paragraph.item = 0
    elif event.name == "w:ilvl":
        paragraph.item = int(value) if value in _ITEM_LEVELS else 0
    elif event.name == "w:numId" and value == "0":
        paragraph.item = _NO_ITEM
