"""Text wrapped at words while it arrives."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

from ragchat.terminal.cells import cells, head

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.text import Text

# A word ends at white space, and before and behind every wide character: Chinese and Japanese set no spaces.
# The selector and the joiner belong to the letter before them.
_WIDE = "\u1100-\u115f\u2e80-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6"
_WIDE += "\U0001f300-\U0001faff\U00020000-\U0003fffd"
_JOINED = "[\u0300-\u036f\u200d\ufe00-\ufe0f\u3099\u309a\U0001f3fb-\U0001f3ff]"
_TOKEN = re.compile(rf"\n| +|[{_WIDE}]{_JOINED}*(?:(?<=\u200d)[^ \n]{_JOINED}*)*|[^ \n{_WIDE}]+")
_LIST_MARK = re.compile(r"[-*+•–]|\d{1,3}[.)]")


class Wrap:
    """Wraps a stream of visible text at a width in cells, which may change between two pieces.

    Only the unfinished last word is held back. Line ends and indentation are kept, white space at a wrapped
    end is dropped, list items continue under their text, and a word wider than a line is broken.
    """

    def __init__(self) -> None:
        self._held = ""
        self._gap = ""
        self._column = 0
        self._hang: int | None = None  # where a wrapped line continues; None before a line's first word

    def feed(self, text: str, width: int) -> str:
        """What can be shown now that `text` has arrived."""
        tokens = _TOKEN.findall(self._held + text)
        self._held = tokens.pop() if tokens and tokens[-1] != "\n" else ""
        wrapped = [self._take(token, width) for token in tokens]
        if len(self._held) * 2 > width and self._held.strip(" "):
            self._held = self._break(self._held, width, wrapped)
        return "".join(wrapped)

    def flush(self, width: int) -> str:
        """The rest, at the end of the stream."""
        held, self._held = self._held, ""
        return self._take(held, width) if held else ""

    def _take(self, token: str, width: int) -> str:
        if token == "\n":
            self._gap, self._column, self._hang = "", 0, None
            return token
        if token.startswith(" "):
            self._gap += token
            return ""
        shown: list[str] = []
        self._place(self._break(token, width, shown), width, shown)
        return "".join(shown)

    def _place(self, word: str, width: int, shown: list[str]) -> None:
        """Put a word that fits on a line there, or on a new one."""
        if self._hang is None:
            self._hang = self._indent(width, shown)
            if _LIST_MARK.fullmatch(word):
                self._hang = min(self._hang + len(word) + 1, width // 2)
        elif self._column + len(self._gap) + cells(word) > width:
            self._new_line(shown)
        else:
            self._column += len(self._gap)
            shown.append(self._gap)
        self._gap = ""
        self._column += cells(word)
        shown.append(word)

    def _break(self, word: str, width: int, shown: list[str]) -> str:
        """Fill lines with a word that fits on none, and return the rest of it."""
        room = width - (min(len(self._gap), width // 2) if self._hang is None else self._hang)
        start = 0
        while start + len(beginning := head(word, room, start)) < len(word):
            self._place(beginning, width, shown)
            start += len(beginning)
        return word[start:]

    def _indent(self, width: int, shown: list[str]) -> int:
        indent = min(len(self._gap), width // 2)
        shown.append(" " * indent)
        self._column = indent
        return indent

    def _new_line(self, shown: list[str]) -> None:
        self._column = self._hang or 0
        shown.append("\n" + " " * self._column)


def line_spans(text: str, width: int) -> Iterator[tuple[int, int]]:
    """Where each line of `text`, wrapped alike but never indented, begins and ends.

    White space at a wrapped end belongs to no line. What is appended to `text` moves its last line's end only.
    """
    start = end = column = 0
    for token in _TOKEN.finditer(text):
        if token[0] == "\n":
            yield start, end
            start, end, column = token.end(), token.end(), 0
        elif not token[0].startswith(" "):
            taken = cells(token[0])
            gap = cells(text[end : token.start()]) if column else 0
            if column and column + gap + taken > width:
                yield start, end
                column = gap = 0
            if not column:
                start = token.start()
                while len(beginning := head(text[: token.end()], width, start)) < token.end() - start:
                    yield start, start + len(beginning)
                    start += len(beginning)
                taken = cells(text[start : token.end()])
            column += gap + taken
            end = token.end()
    yield start, end


def wrapped_text(text: Text, width: int) -> list[Text]:
    """The lines of `text` at `line_spans`, in its styles. Linear: a slice of its own for each would not be."""
    return list(text.divide(list(chain.from_iterable(line_spans(text.plain, width)))))[1::2]


def wrapped(text: str, width: int) -> str:
    """All of `text`, wrapped."""
    wrap = Wrap()
    return wrap.feed(text, width) + wrap.flush(width)
