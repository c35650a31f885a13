"""A program in a real terminal, and what a person sees in it and above it."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pexpect
import pyte

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


class _Screen(pyte.HistoryScreen):
    """Answers the program when it asks where the cursor is: otherwise there would be no toolbar."""

    answers: pexpect.spawn[bytes]

    def write_process_input(self, data: str) -> None:
        self.answers.send(data)


class Window:
    """`command` in a terminal of `columns` by `rows`, and all lines it has shown."""

    def __init__(self, command: Sequence[str], variables: Mapping[str, str], columns: int, rows: int) -> None:
        environment = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **variables}
        for name in ("COLUMNS", "LINES", "NO_COLOR"):
            environment.pop(name, None)
        self._screen = _Screen(columns, rows, history=1000, ratio=0.5)
        self._stream = pyte.ByteStream(self._screen)
        self.program: pexpect.spawn[bytes] = pexpect.spawn(
            command[0], list(command[1:]), env=environment, dimensions=(rows, columns)
        )
        self.program.delaybeforesend = None
        self._screen.answers = self.program

    @property
    def cursor(self) -> tuple[int, int]:
        """The row and the column of the cursor, from 0."""
        return self._screen.cursor.y, self._screen.cursor.x

    def type(self, keys: str) -> None:
        """Press `keys`."""
        self.program.send(keys)

    def resize(self, columns: int, rows: int) -> None:
        """Make the window another size."""
        self._screen.resize(rows, columns)
        self.program.setwinsize(rows, columns)

    def shut(self) -> int:
        """Close the window as its owner would; the exit status of the program."""
        terminal = self.program.ptyproc  # type: ignore[attr-defined] # the stubs leave it out
        terminal.fileobj.close()
        terminal.wait()
        status: int = terminal.exitstatus
        return status

    def visible(self) -> list[str]:
        """The lines in the window."""
        return [line.rstrip() for line in self._screen.display]

    def lines(self) -> list[str]:
        """Everything that can be seen by scrolling back."""
        above = [
            "".join(line[column].data for column in range(self._screen.columns))
            for line in self._screen.history.top
        ]
        return [*(line.rstrip() for line in above), *self.visible()]

    def until(self, seen: Callable[[list[str]], bool]) -> None:
        """Read until `seen` holds of `lines`; fails with the screen after 20 s."""
        deadline = time.monotonic() + 20
        while not seen(self.lines()):
            if time.monotonic() > deadline:
                raise AssertionError("\n".join(self.lines()))
            try:
                self._stream.feed(self.program.read_nonblocking(65536, timeout=0.05))
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                assert seen(self.lines()), "\n".join(self.lines())

    def ended(self, status: int) -> None:
        """Read to the end of the program, which must have ended with `status`."""
        while not self.program.flag_eof:
            try:
                self._stream.feed(self.program.read_nonblocking(65536, timeout=20))
            except pexpect.EOF:
                break
        self.program.wait()
        assert self.program.exitstatus == status

    def shows(self, text: str) -> None:
        """Wait until `text` is in one of `lines`."""
        self.until(lambda lines: any(text in line for line in lines))

    def hides(self, text: str) -> None:
        """Wait until `text` is in no line of the window."""
        self.until(lambda _: not any(text in line for line in self.visible()))


@contextmanager
def window(command: Sequence[str], columns: int = 80, rows: int = 24, **variables: str) -> Iterator[Window]:
    """The program is ended with the block."""
    opened = Window(command, variables, columns, rows)
    try:
        yield opened
    finally:
        opened.program.close(force=True)
