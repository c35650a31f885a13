"""What a browser would show of a page, as blocks with the lines of the file they stand in."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ragchat.documents.lines import LineCounter
from ragchat.documents.readers.blocks import LONGEST_HEADING, Block, Flow
from ragchat.documents.readers.html_elements import (
    BLOCKS,
    ENDS,
    FRAME,
    HEADINGS,
    LISTS,
    MAIN,
    SCOPE,
    VOID,
    end_scope,
    is_aside,
    is_unseen,
)
from ragchat.documents.readers.html_tokens import RAW, Tag, Words, decoded, tokens

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

# A page with less main text than this is one whose author put all of it into a form, or the like.
_LEAST_MAIN_CHARACTERS = 200
# Deeper elements are read as if their tags were not there; it bounds the search for what an end tag closes.
_DEEPEST = 256
_DEEPEST_ITEM = 8

_SPACE = re.compile(r"[ \t\n\f\r\xa0]+")
_SPACES = re.compile(r" {2,}")
_SPACED_BREAK = re.compile(r" ?\n ?")
# Hyphenation and line breaking, in the middle of words.
_INVISIBLE = str.maketrans("", "", "\xad\u200b\ufeff")


@dataclass(frozen=True, slots=True)
class Page:
    """`title` is empty where the page names none."""

    title: str
    blocks: Sequence[Block]


def read_page(text: str) -> Page:
    """The main text of a page; all of its text where hardly any stands outside of menus, banners and forms."""
    reader = _Reader(LineCounter(text))
    for token in tokens(text):
        if isinstance(token, Tag):
            reader.tag(token)
        else:
            reader.words(token)
    blocks = reader.finished()
    main = [block for block in blocks if not block.aside]
    if _characters(main) < _LEAST_MAIN_CHARACTERS and 4 * _characters(main) < _characters(blocks):
        main = blocks
    top = (block.text for block in main if block.level == 1)
    return Page(" ".join((reader.title or next(top, "")).split())[:LONGEST_HEADING], main)


def _characters(blocks: Sequence[Block]) -> int:
    return sum(len(block.text) for block in blocks)


@dataclass(slots=True)
class _Element:
    """An element that is open; the end of one that opened a `row` closes it."""

    name: str
    unseen: bool = False
    aside: bool = False
    row: bool = False
    # The number of the next item, in a numbered list.
    number: int | None = None


@dataclass(slots=True)
class _Reader:
    """The elements that are open, and the block that is being read."""

    lines: LineCounter
    title: str = ""
    _flow: Flow = field(default_factory=Flow)
    _stack: list[_Element] = field(default_factory=list)
    _open: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    _unseen: int = 0
    _asides: list[str] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)
    _first: int = 0
    _last: int = 0
    _mark: str = ""
    _level: int = 0
    _broken: bool = False
    # Since the last line of code; -1 before the first.
    _blank_lines: int = -1

    def tag(self, tag: Tag) -> None:
        """The next tag of the page."""
        if tag.name in FRAME:
            return
        if tag.closing:
            self._close((tag.name,), end_scope(tag.name))
            return
        if tag.name in ENDS:
            self._close(*ENDS[tag.name])
        if tag.name in BLOCKS:
            self._close(("p",), SCOPE)
            self._flush()
        if tag.name == "br":
            self._break()
        elif tag.name not in VOID and not tag.empty and (len(self._stack) < _DEEPEST or tag.name in RAW):
            self._push(tag)

    def words(self, words: Words) -> None:
        """The next text of the page."""
        if self._open["title"] and self._unseen == 1 and not self.title:
            self.title = decoded(words.raw).strip()
        if self._unseen:
            return
        if self._open["pre"]:
            self._code(words)
        elif piece := _SPACE.sub(" ", decoded(words.raw)).translate(_INVISIBLE):
            if piece != " ":
                raw = words.raw.rstrip()
                self._reach(words.start + len(raw) - len(raw.lstrip()), words.start + len(raw))
            self._parts.append(piece)

    def finished(self) -> list[Block]:
        """All blocks, once the last token was read."""
        while self._stack:
            self._pop()
        self._flush()
        return self._flow.blocks

    def _push(self, tag: Tag) -> None:
        if tag.name in ("td", "th") and not self._is_inside("tr"):
            self._push(Tag("tr", closing=False, empty=False, attributes={}))
        element = _Element(tag.name, unseen=is_unseen(tag), aside=is_aside(tag, in_main=self._in_main()))
        self._stack.append(element)
        self._open[tag.name] += 1
        self._unseen += element.unseen
        if element.aside:
            self._asides.append(tag.name)
        if self._unseen:
            return
        if tag.name == "tr":
            element.row = True
            self._flow.open_row()
        elif tag.name in ("td", "th"):
            self._flow.open_cell()
        elif tag.name == "li":
            self._mark = self._item_mark()
        elif tag.name == "ol":
            start = tag.attributes.get("start", "")
            element.number = int(start) if re.fullmatch("[0-9]{1,9}", start) else 1
        elif tag.name == "pre":
            self._blank_lines = -1
        self._level = HEADINGS.get(tag.name, self._level)

    def _pop(self) -> None:
        element = self._stack[-1]
        if element.name in BLOCKS:
            self._flush()
        self._stack.pop()
        self._open[element.name] -= 1
        self._unseen -= element.unseen
        if element.aside:
            self._asides.pop()
        if element.row:
            self._flow.close_row()
        if element.name == "li":
            self._mark = ""
        if element.name in HEADINGS:
            self._level = 0

    def _close(self, names: Collection[str], within: Collection[str]) -> None:
        """End the innermost open element of `names`, and those inside of it, unless it is outside of `within`."""
        if not any(map(self._open.get, names)):
            return
        for depth in range(len(self._stack) - 1, -1, -1):
            if self._stack[depth].name in names:
                while len(self._stack) > depth:
                    self._pop()
                return
            if self._stack[depth].name in within:
                return

    def _is_inside(self, name: str) -> bool:
        """Whether an element of `name` is open in the innermost table."""
        for element in reversed(self._stack):
            if element.name in (name, "table"):
                return element.name == name
        return False

    def _in_main(self) -> bool:
        return any(map(self._open.get, MAIN))

    def _item_mark(self) -> str:
        lists = [element for element in self._stack if element.name in LISTS]
        indent = "  " * min(len(lists) - 1, _DEEPEST_ITEM)
        if not lists or lists[-1].number is None:
            return f"{indent}- "
        lists[-1].number += 1
        return f"{indent}{lists[-1].number - 1}. "

    def _break(self) -> None:
        """The end of a line; two of them end a paragraph."""
        if self._open["pre"] or self._broken:
            self._flush()
        else:
            self._parts.append("\n")
            self._broken = True

    def _code(self, words: Words) -> None:
        offset = words.start
        for index, line in enumerate(words.raw.split("\n")):
            if index:
                self._flush()
            if line.strip():
                self._reach(offset, offset + len(line))
            self._parts.append(decoded(line))
            offset += len(line) + 1

    def _reach(self, start: int, end: int) -> None:
        """The block holds visible characters from `start` to `end`."""
        first, self._last = self.lines.line(start), self.lines.line(end)
        self._first = self._first or first
        self._broken = False

    def _flush(self) -> None:
        """End the block; nothing where it holds no visible character."""
        if not self._parts:
            return
        code = bool(self._open["pre"])
        text = "".join(self._parts)
        self._parts.clear()
        first, self._first, self._broken = self._first, 0, False
        text = text.rstrip() if code else _SPACED_BREAK.sub("\n", _SPACES.sub(" ", text)).strip()
        if self._level:
            text = text.removesuffix("¶").rstrip()
        if text and first:
            self._flow.add(self._block(text, first, code=code))
        elif code and self._blank_lines >= 0:
            self._blank_lines += 1

    def _block(self, text: str, first: int, *, code: bool) -> Block:
        aside = bool(self._asides) and not (self._level and self._asides[-1] == "header")
        if code:
            blank, self._blank_lines = max(self._blank_lines, 0), 0
            return Block("\n" * blank + text, first, self._last, "verbatim", aside=aside)
        if self._level:
            return Block(text, first, self._last, "heading", self._level, aside)
        if self._mark:
            mark, self._mark = self._mark, ""
            return Block(mark + text, first, self._last, "item", aside=aside)
        return Block(text, first, self._last, aside=aside)
