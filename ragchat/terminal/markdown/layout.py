"""The lines of one block."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.terminal.cells import cells, head
from ragchat.terminal.markdown.code import STRETCH, highlighted, is_language
from ragchat.terminal.markdown.inline import inline
from ragchat.terminal.markdown.table import table_lines
from ragchat.terminal.wrap import line_spans, wrapped, wrapped_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from ragchat.terminal.markdown.blocks import Block
    from ragchat.terminal.marks import LinkOf

_EMPTY_END = re.compile(r"(?:\n *)+\Z|\A *\Z")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the screen. `end` is the place in its block that the line below begins at.

    A `settled` one stays what it is whatever the block is continued with.
    """

    text: Text
    end: int
    settled: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """How wide lines are, where marks lead, and the console that draws tables."""

    width: int
    link_of: LinkOf
    console: Console

    def rows(self, block: Block, start: int, *, closed: bool) -> Iterator[Row]:
        """The rows of `block` from the place `start` on; a `closed` one is not continued."""
        if not block.text.strip() and not block.lead.strip(" │"):
            return
        lead = block.margin if start else block.lead
        room = self.width - min(cells(lead), self.width // 2)
        for row in self._inner_rows(block, start, room, closed=closed):
            yield Row(Text.assemble((self._cropped(lead), "margin"), row.text), row.end, row.settled)
            lead = block.margin

    def gap(self, block: Block) -> Text:
        """The empty line above `block`."""
        return Text(self._cropped(block.gap or ""), "margin")

    def _cropped(self, lead: str) -> str:
        return lead[-(self.width // 2) :]

    def _inner_rows(self, block: Block, start: int, room: int, *, closed: bool) -> list[Row]:
        try:
            return list(self._rows(block, start, room, closed=closed))
        except Exception:  # whatever an inline parser or a lexer stumbles over, the text must be seen
            return list(_whole(_plain(block.text, room), 0, settled=closed))

    def _rows(self, block: Block, start: int, room: int, *, closed: bool) -> Iterator[Row]:
        match block.kind:
            case "paragraph":
                yield from self._paragraph(block, start, room, closed=closed)
            case "code":
                yield from _code(block, start, room, closed=closed)
            case "heading":
                text = inline(block.text, self.link_of).text
                text.style = "title.first" if block.info == "h1" else "title"
                yield from _whole(wrapped_text(text, room), start, settled=closed)
            case "table":
                yield from _whole(table_lines(block.rows, room, self.link_of, self.console), start, settled=closed)
            case "rule":
                yield from _whole([Text("─" * room, "margin")], start, settled=closed)
            case "plain":
                yield from _whole(_plain(block.text, room), start, settled=closed)

    def _paragraph(self, block: Block, start: int, room: int, *, closed: bool) -> Iterator[Row]:
        written = inline(block.text, self.link_of)
        text = written.text[start:]
        spans = [*line_spans(text.plain, room), (len(text), len(text))]
        lines = text.divide(list(chain.from_iterable(spans)))[1::2]
        for line, (begin, _), (below, below_end) in zip(lines, spans, spans[1:], strict=False):
            # A line ends where the next word finds no room: that word must be settled too.
            word = text.plain[below:below_end].partition(" ")[0]
            settled = closed or (begin < below < len(text) and start + below + len(word) <= written.settled)
            yield Row(line, start + below, settled)


def _plain(text: str, room: int) -> list[Text]:
    return [Text(line) for line in wrapped(text, room).split("\n")]


def _whole(lines: Sequence[Text], start: int, *, settled: bool) -> Iterator[Row]:
    """What is settled in one go."""
    for number, line in enumerate(lines[start:], start + 1):
        yield Row(line, number, settled)


def _code(block: Block, start: int, room: int, *, closed: bool) -> Iterator[Row]:
    """What the fence says, unless it names a language, and the lines; the last of them may still grow."""
    language = block.info if is_language(block.info) else ""
    labels = 1 if block.info and not language else 0
    if start < labels:
        yield from (Row(Text(part, "margin"), labels, True) for part in _parts(block.info, room))
    text = _EMPTY_END.sub("", block.text)
    lines = text.split("\n") if text else []
    place = max(0, start - labels)
    while place < len(lines):
        stretch = place // STRETCH * STRETCH
        for line in highlighted(lines[stretch : stretch + STRETCH], language)[place - stretch :]:
            place += 1
            settled = closed or place < len(lines)
            at = 0
            for part in _parts(line.plain, room):
                yield Row(line[at : at + len(part)], place + labels, settled)
                at += len(part)


def _parts(line: str, room: int) -> Iterator[str]:
    """A line cut where the screen ends."""
    at = 0
    while len(part := head(line, room, at)) < len(line) - at:
        yield part
        at += len(part)
    yield part
