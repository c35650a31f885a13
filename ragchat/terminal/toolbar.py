"""The line at the bottom of the prompt."""

from __future__ import annotations

from ragchat.terminal.cells import cells, crop
from ragchat.terminal.sanitise import visible_line

FEWEST_ROWS, FEWEST_COLUMNS = 8, 40
"""In a smaller window the line is wanted for what is typed."""

_BETWEEN = 2


def toolbar(state: str, mode: str, columns: int) -> str:
    """`state` on the left and `mode` on the right of one line of `columns` cells; `state` gives way."""
    mode = crop(mode, columns)
    room = columns - cells(mode)
    left = crop(visible_line(state), max(0, room - _BETWEEN) if mode else room)
    return left + " " * (room - cells(left)) + mode
