"""One line that says what is going on, and leaves no trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.terminal.cells import crop
from ragchat.terminal.window import Window

if TYPE_CHECKING:
    from types import TracebackType

    from ragchat.terminal.console import Terminal


class StateLine:
    """The state of what the person waits for; only on a screen. Gone at the end of the `with` block."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._window = Window(terminal)
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
        self._shown = True
        # One cell stays free: a cursor behind the last one would be on the next line in some terminals.
        self._window.show([Text(crop(state, self._terminal.width - 1), style="state")])

    def clear(self) -> None:
        """Erase it; erasing twice is harmless."""
        if self._shown:
            self._window.show([])
            self._shown = False
