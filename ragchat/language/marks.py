"""The grammar of a mark: `[3]` leads to the third passage. In a quotation “…” nothing is a mark."""

from __future__ import annotations

import re

# Three digits are a year or a quantity.
_NUMBER = r"[1-9]\d?"
MARK = re.compile(rf"\[({_NUMBER})\]")
"""A mark as it stands in an answer."""
NUMBERS = re.compile(rf"\s*({_NUMBER}(?:\s*(?:,|;|and|&)\s*{_NUMBER})*)\s*(?:†.*)?")
"""What models write between the brackets: `1`, `1, 2`, and `1†source`, which some were trained on."""

# German closes „…“ with the sign that opens “…”; what closes stands behind a word or a stop.
_SIGN = re.compile(r"(?<![\w.,;:!?…%)\]’”])“|”|(?<=\n)\n")


class Quotations:
    """Tells quotations “…” from the text around them while it streams through.

    A quotation that nobody closes ends with its paragraph.
    """

    def __init__(self) -> None:
        self._last = ""
        self._inside = False

    def split(self, text: str) -> list[tuple[str, bool]]:
        """`text` in pieces, each with whether it is quoted; a quotation holds its own signs."""
        pieces: list[tuple[str, bool]] = []
        seen = self._last + text
        at = len(self._last)
        for sign in _SIGN.finditer(seen, at):
            opens = sign[0] == "“"
            if opens != self._inside:
                cut = sign.start() if opens else sign.end()
                pieces.append((seen[at:cut], self._inside))
                at, self._inside = cut, opens
        pieces.append((seen[at:], self._inside))
        self._last = seen[-1:]
        return pieces
