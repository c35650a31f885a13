"""The keyboard while nothing reads it: what is typed ahead stays off the screen and is not lost."""

from __future__ import annotations

import os
import select
import termios
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from ragchat.terminal.sanitise import visible
from ragchat.terminal.signals import suspending

if TYPE_CHECKING:
    from collections.abc import Iterator

_INPUT_FLAGS, _LOCAL_FLAGS = 0, 3  # positions in what tcgetattr returns


class Keyboard:
    """The terminal that a person types at, by its file descriptor; does nothing when that is None."""

    def __init__(self, fd: int | None) -> None:
        self._fd = fd
        self._typed_ahead = b""
        self._found: list[Any] | None = None

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Show nothing that is typed, and leave all of it for the next prompt; Ctrl-C still interrupts.

        Ctrl-Z still stops the program: then the terminal is as it was found, and what was typed is put aside.
        Line editing is off as well: the kernel would hold back unfinished lines and eat Ctrl-D.
        """
        with self._changed(echo=False):
            yield

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Let a question be answered with a line typed from now on, even inside `silent`.

        What was typed before must not be taken for the answer: it is put aside for the next prompt.
        """
        self._put_aside()
        with self._changed(echo=True):
            yield

    def put_aside(self) -> str:
        """What `answering` put aside, once."""
        typed, self._typed_ahead = self._typed_ahead, b""
        return visible(typed.decode("utf-8", "replace"))

    @contextmanager
    def _changed(self, *, echo: bool) -> Iterator[None]:
        if self._fd is None:
            yield
            return
        before = termios.tcgetattr(self._fd)
        changed = termios.tcgetattr(self._fd)
        editing = termios.ECHO | termios.ICANON
        if echo:
            changed[_LOCAL_FLAGS] |= editing
            changed[_INPUT_FLAGS] |= termios.ICRNL
        else:
            changed[_LOCAL_FLAGS] &= ~editing
            changed[_LOCAL_FLAGS] |= termios.NOFLSH  # or Ctrl-C would throw away what was typed before it
            changed[_INPUT_FLAGS] &= ~termios.ICRNL
        outermost = self._found is None
        found = self._found = before if self._found is None else self._found

        def leave() -> None:
            if not echo:
                self._put_aside()  # or the shell would read it
            self._set(found)

        self._set(changed)
        try:
            with suspending(leave, lambda: self._set(changed)):
                yield
        finally:
            with suppress(termios.error):  # the terminal may be gone
                self._set(before)
            if outermost:
                self._found = None

    def _set(self, attributes: list[Any]) -> None:
        assert self._fd is not None
        # TCSAFLUSH, the usual choice, would throw away what was typed ahead.
        termios.tcsetattr(self._fd, termios.TCSADRAIN, attributes)

    def waiting(self) -> bool:
        """Whether something was typed that nobody has read."""
        return self._fd is not None and bool(select.select([self._fd], [], [], 0)[0])

    def _put_aside(self) -> None:
        while self._fd is not None and self.waiting():
            typed = os.read(self._fd, 4096)
            if not typed:
                break
            self._typed_ahead += typed
