"""Paragraphs, items, rows and headings of a formatted file become a document's text and sections."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from ragchat.core.document import Document, Section
from ragchat.core.place import Place
from ragchat.documents.split import TARGET_TOKENS, token_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# A heading stands before every chunk below it; a longer one is cut there, and stays whole in the text.
LONGEST_HEADING = 200
# A table's row with more in it lays out a page.
_LONGEST_ROW = 1000
_MOST_IN_ROW = 50
_CELLS = " | "

BlockKind: TypeAlias = Literal["heading", "text", "item", "row", "verbatim"]


@dataclass(frozen=True, slots=True)
class Block:
    """What a reader sees as one piece; `first` to `last` are counted in the unit of the file's places.

    `level` counts headings from the outermost, 1; 0 is the document's title. An item brings its own mark;
    `verbatim` is one line of code; what is `aside` stands beside the main text: menus, banners.
    """

    text: str
    first: int
    last: int
    kind: BlockKind = "text"
    level: int = 0
    aside: bool = False


@dataclass(slots=True)
class Flow:
    """Blocks in the order of the file; those of a table's row are held back until the row ends."""

    blocks: list[Block] = field(default_factory=list)
    # The rows that are open, innermost last; each is a list of cells.
    _rows: list[list[list[Block]]] = field(default_factory=list)

    def add(self, *blocks: Block) -> None:
        """The next blocks of the innermost cell, or of the file."""
        if not self._rows:
            self.blocks.extend(blocks)
            return
        if not self._rows[-1]:
            self.open_cell()
        self._rows[-1][-1].extend(blocks)

    def open_row(self) -> None:
        """What follows belongs to a row, until `close_row`."""
        self._rows.append([])

    def open_cell(self) -> None:
        """What follows belongs to the next cell of the open row."""
        if self._rows:
            self._rows[-1].append([])

    def close_row(self) -> None:
        """The open row becomes one block, `a | b | c`, or, where it lays out a page, the blocks of its cells."""
        if self._rows:
            cells = self._rows.pop()
            self.add(*([_row(cells)] if _is_data(cells) else [block for cell in cells for block in cell]))


def _is_data(cells: Sequence[Sequence[Block]]) -> bool:
    blocks = [block for cell in cells for block in cell]
    return (
        sum(map(bool, cells)) > 1
        and len(blocks) <= _MOST_IN_ROW
        and all(block.kind in ("text", "item") for block in blocks)
        and sum(len(block.text) for block in blocks) <= _LONGEST_ROW
    )


def _row(cells: Sequence[Sequence[Block]]) -> Block:
    texts = [" ".join(word for block in cell for word in block.text.split()) for cell in cells]
    blocks = [block for cell in cells for block in cell]
    first, last = min(block.first for block in blocks), max(block.last for block in blocks)
    return Block(_CELLS.join(texts).strip(), first, last, "row", aside=any(block.aside for block in blocks))


def document(
    source: str, title: str, blocks: Iterable[Block], unit: Literal["lines", "paragraph"], *warnings: str
) -> Document:
    """All of `blocks`; neighbours under one heading share a section up to the size of a chunk.

    A section's place reaches from its first block to its last. Chunks never cross sections: larger ones would
    tell less of where a chunk lies, smaller ones are found worse.
    """
    writer = _Writer(title, unit)
    for block in blocks:
        writer.add(block)
    writer.close()
    return Document(source, "".join(writer.parts), title, tuple(writer.sections), warnings)


@dataclass(slots=True)
class _Writer:
    """The text and sections so far, the headings above the current block, and the blocks of the open section."""

    title: str
    unit: Literal["lines", "paragraph"]
    parts: list[str] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    _length: int = 0
    _path: list[tuple[int, str]] = field(default_factory=list)
    _open: list[Block] = field(default_factory=list)
    _size: int = 0
    _last: BlockKind = "heading"

    def add(self, block: Block) -> None:
        """`block` joins the open section, or opens the next."""
        size = token_count(block.text)
        if self._open and self._is_full(block, size):
            self.close()
        if block.kind == "heading":
            while self._path and self._path[-1][0] >= block.level:
                self._path.pop()
            self._path.append((block.level, " ".join(block.text.split())[:LONGEST_HEADING]))
        self._open.append(block)
        self._size += size

    def _is_full(self, block: Block, size: int) -> bool:
        # A heading opens no section of its own: its words go with what stands below it.
        if self._open[-1].kind == "heading":
            return self._size > TARGET_TOKENS
        return block.kind == "heading" or self._size + size > TARGET_TOKENS

    def close(self) -> None:
        """The open section ends; a short remainder stays with the section before it."""
        if not self._open:
            return
        blocks, self._open = self._open, []
        size, self._size = self._size, 0
        start = self._write(blocks)
        before = self.sections[-1] if self.sections else None
        if before and before.place and size < TARGET_TOKENS // 4 and blocks[0].kind != "heading":
            place = replace(before.place, end=blocks[-1].last)
            self.sections[-1] = replace(before, end=self._length, place=place)
            return
        if before:
            # The white space between two sections belongs to the first: neighbours are read as one text.
            self.sections[-1] = replace(before, end=start)
        heading = tuple(name for level, name in self._path if not self._is_title(level, name))
        place = Place(self.unit, blocks[0].first, blocks[-1].last)
        verbatim = blocks[-1].kind in ("row", "verbatim")
        self.sections.append(Section(start, self._length, heading, place, verbatim))

    def _write(self, blocks: Sequence[Block]) -> int:
        """Where the first of `blocks` begins in the text."""
        start: int | None = None
        for block in blocks:
            if self._length:
                tight = block.kind == self._last and block.kind in ("item", "row", "verbatim")
                self._append("\n" if tight else "\n\n")
            start = self._length if start is None else start
            self._append(block.text)
            self._last = block.kind
        return start or 0

    def _append(self, text: str) -> None:
        self.parts.append(text)
        self._length += len(text)

    def _is_title(self, level: int, name: str) -> bool:
        """The document's title stands before every chunk already; on the web it holds the first heading."""
        return name == self.title or (level == 1 and name.casefold() in self.title.casefold())
