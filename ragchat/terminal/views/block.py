"""A piece of a document, set off from what is said about it."""

from __future__ import annotations

from ragchat.terminal.sanitise import visible
from ragchat.terminal.wrap import wrapped

INDENT = 3
"""Cells left free on the left."""


def indented(text: str, width: int | None) -> str:
    """`text` made visible, wrapped unless `width` is None, without empty lines around it."""
    shown = visible(text).strip("\n")
    lines = (wrapped(shown, width - INDENT) if width else shown).split("\n")
    return "\n".join(" " * INDENT + line if line else "" for line in lines)
