"""An answer read from a file and shown piece by piece: a program to run in a terminal."""

from __future__ import annotations

import sys
from pathlib import Path

from ragchat.terminal.console import terminal_here
from ragchat.terminal.stream import show
from tests.terminal.scripted import Scripted


def main(source: str, size: str, pause: str) -> None:
    """Show the text of the file `source` in pieces of `size` characters, `pause` seconds apart."""
    text, step = Path(source).read_text("utf-8"), int(size)
    pieces = [text[at : at + step] for at in range(0, len(text), step)]
    terminal = terminal_here()
    with terminal.keyboard.silent():
        show(Scripted(pieces, pause=float(pause)).stream("How?", ()), terminal)


if __name__ == "__main__":
    main(*sys.argv[1:])
