"""What keys do at the prompt, where that differs from prompt-toolkit's habits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.filters import Condition, emacs_mode, has_selection, is_searching, vi_navigation_mode
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.vi_state import InputMode
from prompt_toolkit.keys import Keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from prompt_toolkit.application import Application
    from prompt_toolkit.key_binding import KeyPressEvent

_VI_MODES: Final = {
    InputMode.INSERT: "vi: insert",
    InputMode.INSERT_MULTIPLE: "vi: insert",
    InputMode.NAVIGATION: "vi: normal",
    InputMode.REPLACE: "vi: replace",
    InputMode.REPLACE_SINGLE: "vi: replace",
}


class PromptKeys:
    """Enter sends and Alt-Enter starts a new line, or the other way round while `multiline`.

    Ctrl-C clears the line and, twice in an empty one, leaves. Alt-P and Alt-N look through the history for what
    begins as the line does. Ctrl-X Ctrl-E, in vi's normal mode `v`, gives the text to `edit`, which owns the
    terminal meanwhile and returns the new text. Ctrl-L clears the screen; what was on it is in the scrollback.

    Ctrl-J is Enter too: what is typed before the prompt is there has had its Enter made into one by the kernel.
    """

    def __init__(self, edit: Callable[[str], str]) -> None:
        self.multiline = False
        """Whether Enter starts a new line and Alt-Enter sends."""
        self.leaving = False
        """Whether one more Ctrl-C leaves."""
        self.by_prefix = Condition(lambda: self._by_prefix)
        """Whether the history is being searched for a beginning."""
        self._by_prefix = False
        self._edit = edit
        self.bindings = KeyBindings()
        for keys, do in (("enter", self._enter), ("escape enter", self._alt_enter), ("c-l", self._clear)):
            self.bindings.add(*keys.split(), filter=~is_searching)(do)
        self.bindings.add("c-c", filter=~is_searching)(self._interrupt)
        self.bindings.add(Keys.SIGINT)(self._interrupt)
        self.bindings.add("escape", "p", filter=emacs_mode & ~is_searching)(self._older)
        self.bindings.add("escape", "n", filter=emacs_mode & ~is_searching)(self._newer)
        self.bindings.add("c-x", "c-e", filter=emacs_mode & ~has_selection)(self._open_editor)
        self.bindings.add("v", filter=vi_navigation_mode)(self._open_editor)

    def mode(self, app: Application[str]) -> str:
        """How keys are understood just now, where that is not the usual way."""
        modes = [_VI_MODES[app.vi_state.input_mode]] if app.editing_mode is EditingMode.VI else []
        if self.multiline:
            modes.append("multi-line: Alt-Enter sends")
        return " · ".join(modes)

    def stay(self, _buffer: object = None) -> None:
        """Something else was typed."""
        self.leaving = False

    def _enter(self, event: KeyPressEvent) -> None:
        (self._new_line if self.multiline and not vi_navigation_mode() else self._send)(event)

    def _alt_enter(self, event: KeyPressEvent) -> None:
        (self._send if self.multiline else self._new_line)(event)

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

    def _older(self, event: KeyPressEvent) -> None:
        self._by_prefix = True
        event.current_buffer.history_backward(event.arg)
        self._by_prefix = False

    def _newer(self, event: KeyPressEvent) -> None:
        self._by_prefix = True
        event.current_buffer.history_forward(event.arg)
        self._by_prefix = False

    def _open_editor(self, event: KeyPressEvent) -> None:
        buffer = event.current_buffer

        def edit() -> None:
            buffer.text = self._edit(buffer.text)
            buffer.cursor_position = len(buffer.text)

        run_in_terminal(edit)

    def _clear(self, event: KeyPressEvent) -> None:
        event.app.renderer.erase()
        # A screen that is erased is lost to many a scrollback: it is pushed out at the top instead.
        event.app.output.write_raw("\n" * (event.app.output.get_size().rows - 1))
        event.app.renderer.clear()
