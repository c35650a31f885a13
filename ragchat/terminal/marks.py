"""Marks of passages in text on its way to the screen: in their own style, and linked to what they stand for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from rich.style import Style
from rich.text import Text

from ragchat.language.marks import MARK, Quotations

LinkOf: TypeAlias = Callable[[int], str | None]
"""The address that the mark of a number leads to; None where it leads nowhere."""


class Marking:
    """Styles the marks in a stream of visible text; a mark must not be cut in two."""

    def __init__(self, link_of: LinkOf) -> None:
        self._link_of = link_of
        self._quotations = Quotations()

    def marked(self, text: str) -> Text:
        """The next piece."""
        shown = Text()
        for piece, quoted in self._quotations.split(text):
            start = len(shown)
            shown.append(piece)
            for mark in () if quoted else MARK.finditer(piece):
                self._style(shown, int(mark[1]), start + mark.start(), start + mark.end())
        return shown

    def passed(self, text: str) -> None:
        """The next piece, in which nothing is a mark."""
        self._quotations.split(text)

    def _style(self, shown: Text, number: int, start: int, end: int) -> None:
        shown.stylize("mark", start, end)
        if address := self._link_of(number):
            shown.stylize(Style(link=address), start, end)
