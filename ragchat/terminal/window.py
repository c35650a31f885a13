"""The last rows of the screen, which are drawn again and leave no trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.control import Control
from rich.segment import ControlType, Segment
from rich.text import Text

from ragchat.terminal.cells import cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragchat.terminal.console import Terminal

ERASE = Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2))
"""Empties the line the cursor is in."""


class Window:
    """Rows below all that was printed; the cursor stands behind the last of them.

    When the screen gets narrower, its rows are taken to be broken anew, as almost all terminals do.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._rows = [Text()]
        self._width = 0

    def show(self, rows: Sequence[Text], *, above: Sequence[Text] = ()) -> None:
        """Print the lines `above` for good, and below them `rows` in place of those before.

        Of more rows than half a screen only the last are shown: what leaves the screen could not be taken back.
        """
        most = max(1, self._terminal.out.height // 2)
        shown = list(rows[-most:]) or [Text()]
        wanted = [*above, *shown]
        width = self._terminal.width
        kept = self._kept(wanted) if width == self._width else 0
        if not kept == len(wanted) == len(self._rows):
            with self._terminal.out:  # in one write: nobody sees it half drawn
                self._draw(wanted, kept, width)
        self._rows, self._width = shown, width

    def _kept(self, wanted: Sequence[Text]) -> int:
        """How many rows stand there already."""
        pairs = enumerate(zip(self._rows, wanted, strict=False))
        return next((at for at, (old, new) in pairs if not _alike(old, new)), min(len(self._rows), len(wanted)))

    def _draw(self, wanted: Sequence[Text], kept: int, width: int) -> None:
        kept = min(kept, len(wanted) - 1)  # the cursor must end behind the last
        out = self._terminal.out
        begun = ""
        if kept == len(self._rows):
            begun = "\n"
        elif kept == len(self._rows) - 1 and _continues(self._rows[kept], wanted[kept]):
            wanted = [*wanted[:kept], wanted[kept][len(self._rows[kept]) :], *wanted[kept + 1 :]]
        else:
            height = sum(max(1, -(-cells(row.plain) // width)) for row in self._rows[kept:])
            out.control(_delete(height) if height > 1 else ERASE)
        out.print(Text(begun) + Text("\n").join(wanted[kept:]), end="")


def _delete(height: int) -> Control:
    """Takes the row the cursor is in away, and those above it: so many in all.

    Rows that are only emptied would still count as parts of one line, and be joined again on a wider screen; to
    clear the screen from its first row on makes some terminals keep it for scrolling back.
    """
    control = Control()
    control.segment = Segment(f"\r\x1b[{height - 1}A\x1b[{height}M", None, [])
    return control


def _alike(one: Text, other: Text) -> bool:
    return one == other and one.style == other.style


def _continues(old: Text, new: Text) -> bool:
    """Whether `new` is `old` with more behind it that joins no character of it."""
    more = new.plain[len(old) : len(old) + 1]
    return more.isascii() and new.plain.startswith(old.plain) and _alike(new[: len(old)], old)
