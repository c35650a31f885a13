"""Text shown as it stands while it arrives: wrapped at words, its marks in their style."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.terminal.marks import Marking
from ragchat.terminal.step import Step
from ragchat.terminal.wrap import Wrap

if TYPE_CHECKING:
    from ragchat.terminal.marks import LinkOf


class VerbatimWriting:
    """`Writing` for quotations and whatever else is no Markdown."""

    def __init__(self, link_of: LinkOf) -> None:
        self._marking = Marking(link_of)
        self._wrap = Wrap()
        self._arrived = ""
        self._text = Text()  # from the last line with something in it on

    def feed(self, text: str) -> None:
        """Take the next piece."""
        self._arrived += text

    def step(self, width: int, *, ended: bool = False) -> Step:
        """The last line is pending: it may grow, and empty ones below it may be the end."""
        arrived = self._wrap.feed(self._arrived, width) + (self._wrap.flush(width) if ended else "")
        self._arrived = ""
        lines = (self._text + self._marking.marked(arrived)).split("\n", allow_blank=True)
        filled = [at for at, line in enumerate(lines) if line.plain.strip()]
        if not filled:
            return Step([], [])
        last = filled[-1]
        self._text = Text() if ended else Text("\n").join(lines[last:])
        if ended:
            return Step(list(lines[filled[0] : last + 1]), [])
        return Step(list(lines[filled[0] : last]), [lines[last]])
