"""The lines of a text, counted as it is read."""

from __future__ import annotations


class LineCounter:
    """Tells the lines of growing offsets without counting from the beginning each time."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._offset = 0
        self._line = 1

    def line(self, offset: int) -> int:
        """The line of `offset`, from 1; no offset may lie before that of the last call."""
        self._line += self._text.count("\n", self._offset, offset)
        self._offset = offset
        return self._line
