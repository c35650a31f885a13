"""What keys do at the prompt, where that differs from prompt-toolkit's habits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_toolkit.filters import is_searching
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.keys import Keys

if TYPE_CHECKING:
    from prompt_toolkit.key_binding import KeyPressEvent


class PromptKeys:
    """Enter sends, Alt-Enter starts a new line, Ctrl-C clears the line and, twice in an empty one, leaves."""

    def __init__(self) -> None:
        self.leaving = False
        """Whether one more Ctrl-C leaves."""
        self.bindings = KeyBindings()
        self.bindings.add("enter")(self._send)
        self.bindings.add("escape", "enter")(self._new_line)
        self.bindings.add("c-c", filter=~is_searching)(self._interrupt)
        self.bindings.add(Keys.SIGINT)(self._interrupt)

    def stay(self, _buffer: object = None) -> None:
        """Something else was typed."""
        self.leaving = False

    def _send(self, event: KeyPressEvent) -> None:
        if event.current_buffer.text.strip():
            event.current_buffer.validate_and_handle()

    def _new_line(self, event: KeyPressEvent) -> None:
        event.current_buffer.newline(copy_margin=False)

    def _interrupt(self, event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.text:
            buffer.append_to_history()  # what was typed can be had back with the arrow key
            buffer.reset()
        elif self.leaving:
            event.app.exit(exception=EOFError)
        else:
            self.leaving = True
