"""How many cells of a terminal visible text takes, and where it can be cut."""

from __future__ import annotations

from rich.cells import cell_len

_JOINER = "\u200d"
_EMOJI_STYLE = "\ufe0f"


def cells(text: str) -> int:
    """The cells `text` takes at most: not every terminal joins what a zero-width joiner joins."""
    return cell_len(text.replace(_JOINER, ""))


def head(text: str, room: int, start: int = 0) -> str:
    """As much of `text` from `start` on as `room` cells hold."""
    taken = 0
    for index in range(start, len(text)):
        taken += cells(text[index]) + (text[index] == _EMOJI_STYLE)  # it can make the letter before it wide
        if taken > room:
            return text[start:index]
    return text[start:]


def crop(text: str, room: int) -> str:
    """`text` in at most `room` cells, with an ellipsis where something is left out."""
    if cells(text) <= room:
        return text
    return head(text, room - 1).rstrip() + "…" if room > 0 else ""
