"""Markdown cut into blocks that stand one below the other: paragraphs, headings, code, tables and rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

Kind: TypeAlias = Literal["paragraph", "heading", "code", "table", "rule", "plain"]

# Definitions would vanish and turn marks into links; an underline would change lines that have been printed.
_PARSER = MarkdownIt("commonmark", {"html": False, "maxNesting": 100}).enable("table")
_PARSER.disable(["reference", "lheading", "inline", "text_join"])

# There is no room for more, and the parser drops what is nested too deep for it.
_DEEPEST = 8
_BAR = "│ "
_ROW_SIGNS = str.maketrans("", "", "|\\ ")


@dataclass(frozen=True, slots=True)
class Block:
    """`text` is Markdown in paragraphs, headings and cells; elsewhere it stands as it is.

    `lead` goes before the first line, `margin`, as wide, before the others. `gap` is the margin of the empty
    line above, None for no such line. `start` is the block's first source line, `top` that of the outermost block
    it belongs to. `info` is the heading's tag or what the fence says of its code; `rows` are a table's cells.
    """

    kind: Kind
    text: str
    lead: str
    margin: str
    gap: str | None
    start: int
    top: int
    info: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


def blocks(source: str) -> list[Block]:
    """The blocks of `source`. Appending whole lines to it changes none of them but the last."""
    walk = _Walk(source)
    tokens = _PARSER.parse(source)
    at = 0
    while at < len(tokens):
        at = walk.take(tokens, at)
    return walk.blocks


@dataclass(slots=True)
class _Container:
    """A quotation or an item of a list; its marker waits for the first block."""

    marker: str
    margin: str
    start: int = 0
    waiting: bool = False


@dataclass(slots=True)
class _Walk:
    source: str
    blocks: list[Block] = field(default_factory=list)
    _containers: list[_Container] = field(default_factory=list)
    _shared: list[_Container] = field(default_factory=list)  # with the block above
    _numbers: list[int] = field(default_factory=list)
    _top: int = 0
    _end: int = 0

    def take(self, tokens: Sequence[Token], at: int) -> int:
        """Take the token at `at`; returns the place of the next."""
        token = tokens[at]
        if token.level == 0 and token.map:
            self._top = token.map[0]
        if token.type in ("blockquote_open", "bullet_list_open", "ordered_list_open"):
            return self._open(tokens, at)
        match token.type:
            case "list_item_open":
                marker = f"{self._numbers[-1]}{token.markup} " if token.info else "• "
                self._numbers[-1] += 1
                self._containers.append(_Container(marker, " " * len(marker), _lines(token)[0], waiting=True))
            case "list_item_close":
                if (item := self._containers[-1]).waiting:
                    self._add("plain", "", (item.start, item.start + 1))
                self._leave()
            case "bullet_list_close" | "ordered_list_close":
                self._numbers.pop()
            case "blockquote_close":
                self._leave()
            case "paragraph_open":
                self._add("paragraph", tokens[at + 1].content, _lines(token))
            case "heading_open":
                self._add("heading", tokens[at + 1].content, _lines(token), info=token.tag)
            case "fence" | "code_block":
                self._add("code", token.content, _lines(token), info=token.info.strip())
            case "hr":
                self._add("rule", token.markup, _lines(token))
            case "table_open":
                return self._table(tokens, at)
        return at + 1

    def _open(self, tokens: Sequence[Token], at: int) -> int:
        token = tokens[at]
        if len(self._containers) >= _DEEPEST:
            start, end = _lines(token)
            self._add("plain", "\n".join(self.source.split("\n")[start:end]).rstrip(), (start, end))
            return _close(tokens, at) + 1
        if token.type == "blockquote_open":
            self._containers.append(_Container(_BAR, _BAR))
        else:
            self._numbers.append(int(token.attrs.get("start", 1)))
        return at + 1

    def _leave(self) -> None:
        left = self._containers.pop()
        self._shared = [container for container in self._shared if container is not left]

    def _table(self, tokens: Sequence[Token], at: int) -> int:
        close = _close(tokens, at)
        rows: list[list[str]] = []
        for token in tokens[at:close]:
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                rows[-1].append(token.content)
        start, end = _lines(tokens[at])
        lines = self.source.split("\n")[start:end]
        # The parser drops the cells that have no head above them.
        whole = all(map(_holds, [lines[0], *lines[2:]], rows))
        self._add("table" if whole else "plain", "\n".join(lines), (start, end), rows=tuple(map(tuple, rows)))
        return close + 1

    def _add(
        self,
        kind: Kind,
        text: str,
        lines: tuple[int, int],
        *,
        info: str = "",
        rows: tuple[tuple[str, ...], ...] = (),
    ) -> None:
        start, end = lines
        lead = "".join(inner.marker if inner.waiting else inner.margin for inner in self._containers)
        margin = "".join(inner.margin for inner in self._containers)
        self.blocks.append(Block(kind, text, lead, margin, self._gap(start), start, self._top, info, rows))
        for container in self._containers:
            container.waiting = False
        self._shared, self._end = list(self._containers), end

    def _gap(self, start: int) -> str | None:
        if not self.blocks or (self._top == self.blocks[-1].top and start <= self._end):
            return None
        return "".join(container.margin for container in self._shared).rstrip()


def _holds(line: str, cells: Sequence[str]) -> bool:
    """Whether `cells` are all that a row of a table says."""
    return line.translate(_ROW_SIGNS).endswith("".join(cells).translate(_ROW_SIGNS))


def _lines(token: Token) -> tuple[int, int]:
    assert token.map is not None  # every block has it
    return token.map[0], token.map[1]


def _close(tokens: Sequence[Token], at: int) -> int:
    """The place of the token that closes what the one at `at` opens."""
    level = tokens[at].level
    return next(place for place in range(at + 1, len(tokens)) if tokens[place].level == level)
