"""One line that says what is going on, and leaves no trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.control import Control
from rich.segment import ControlType
from rich.text import Text

from ragchat.terminal.cells import crop

if TYPE_CHECKING:
    from types import TracebackType

    from ragchat.terminal.console import Terminal

ERASE = Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2))
"""Empties the line the cursor is in."""


class StateLine:
    """The state of what the person waits for; only on a screen. Gone at the end of the `with` block."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._shown = False

    def __enter__(self) -> StateLine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()

    def show(self, state: str) -> None:
        """Show `state` in place of the one before."""
        if not self._terminal.screen:
            return
        self.clear()
        self._shown = True
        # One cell stays free: a cursor behind the last one would be on the next line in some terminals.
        self._terminal.out.print(Text(crop(state, self._terminal.width - 1), style="state"), end="")

    def clear(self) -> None:
        """Erase it; erasing twice is harmless."""
        if self._shown:
            self._terminal.out.control(ERASE)
            self._shown = False
