"""Terminals made of memory: what is printed can be read, what is typed is given."""

from __future__ import annotations

import io
from pathlib import Path

from ragchat.terminal.console import Terminal, terminal_of


class Screen(io.StringIO):
    """Says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def screen(width: int = 80, *, colour: bool = False, typed: str = "") -> tuple[Terminal, Screen]:
    """A terminal that shows stdout and stderr on one screen; its input is a file."""
    shown = Screen()
    environment = {"COLUMNS": str(width), "TERM": "xterm-256color"}
    if not colour:
        environment["NO_COLOR"] = "1"
    terminal = terminal_of(io.StringIO(typed), shown, shown, environment=environment, directory=Path.cwd())
    return terminal, shown


def pipe(typed: str = "", **environment: str) -> tuple[Terminal, io.StringIO, io.StringIO]:
    """A terminal whose streams are all files: itself, stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    return terminal_of(io.StringIO(typed), out, err, environment=environment, directory=Path.cwd()), out, err
