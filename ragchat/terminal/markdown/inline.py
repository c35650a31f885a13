"""Markdown inside a paragraph: emphasis, code, links and the marks of passages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from markdown_it import MarkdownIt
from rich.text import Text

from ragchat.language.marks import MARK
from ragchat.terminal.marks import Marking
from ragchat.terminal.sanitise import visible, visible_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

    from ragchat.terminal.marks import LinkOf

_PARSER = MarkdownIt("commonmark", {"html": False}).enable("strikethrough").disable("reference")

_STYLES: Final = {"em_close": "emphasis", "strong_close": "strong", "s_close": "struck"}

# What stands there as it was written, and can still become a sign of something when more text comes: what opens
# emphasis, code, a link or a bracket that is no mark, an address or an entity that nobody has closed.
_OPEN = re.compile(
    r"\*+(?![\s*])|(?<![^\W_])_+(?![\s_])|`|~~+(?![\s~])|\[(?![^\[\]*_`~<&!\\]*\][^(])|<[^\s<>]*\Z|&[#\w]*\Z"
)
# A row of cells becomes the head of a table when the line below it says so.
_CELL = "|"


@dataclass(frozen=True, slots=True)
class Inline:
    """`text` as it is shown; its first `settled` characters stay what they are whatever follows."""

    text: Text
    settled: int


def inline(source: str, link_of: LinkOf) -> Inline:
    """The text of a paragraph."""
    tokens = _PARSER.parseInline(source)[0].children or []
    writing = _Writing(link_of)
    for at in range(len(tokens)):
        writing.take(tokens, at)
    return Inline(writing.text, 0 if _CELL in source else writing.settled)


class _Writing:
    def __init__(self, link_of: LinkOf) -> None:
        self.text = Text()
        self._marking = Marking(link_of)
        self._opened: list[tuple[int, Token]] = []
        self._risk: int | None = None

    @property
    def settled(self) -> int:
        return len(self.text) if self._risk is None else self._risk

    def take(self, tokens: Sequence[Token], at: int) -> None:
        token = tokens[at]
        match token.type:
            case "text":
                self._weigh(token.content, last=at == len(tokens) - 1)
                self._plain(token.content)
            case "softbreak":
                self._plain(" ")
            case "hardbreak":
                self.text.append("\n")
            case "code_inline":
                self._marking.passed(token.content)
                self.text.append(_seen(token.content), "code")
            case "image":
                start = len(self.text)
                self._plain(token.content)
                self._linked(start, token, str(token.attrs["src"]))
            case "link_close":
                start, opened = self._opened.pop()
                if opened.info != "auto":
                    self._linked(start, opened, str(opened.attrs["href"]))
            case _ if token.nesting > 0:
                self._opened.append((len(self.text), token))
            case _:
                self.text.stylize(_STYLES[token.type], self._opened.pop()[0])

    def _weigh(self, content: str, *, last: bool) -> None:
        """Find the first sign that may still change the text from where it stands on, or all that encloses it."""
        if self._risk is None and (found := _OPEN.search(content if last else f"{content}\0")):
            self._risk = self._opened[0][0] if self._opened else len(self.text) + found.start()

    def _plain(self, content: str) -> None:
        self.text.append_text(self._marking.marked(_seen(content)))

    def _linked(self, start: int, token: Token, address: str) -> None:
        """Say the address of a link or an image behind its text, where that does not say it."""
        shown = self.text.plain[start:]
        if MARK.fullmatch(f"[{shown}]"):  # a mark with an address is one all the same
            self.text.right_crop(len(shown))
            self._plain(f"[{shown}]")
        title = f' "{token.attrs["title"]}"' if token.attrs.get("title") else ""
        said = visible_line(f"{address}{title}")
        if said and shown not in (said, said.removeprefix("mailto:")):
            self.text.append(f" ({said})" if shown else said, "address")


def _seen(text: str) -> str:
    # An entity can stand for any character.
    return visible(text).replace("\n", " ")
