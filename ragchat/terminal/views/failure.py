"""An error as two lines: what happened, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.terminal.sanitise import visible_line
from ragchat.terminal.wrap import wrapped

if TYPE_CHECKING:
    from ragchat.errors import RagchatError


def failure(error: RagchatError, width: int | None) -> Text:
    """`error: sentence` and, where there is one, `hint: sentence`; `width` None wraps nothing."""
    lines = [Text.assemble(("error:", "error"), _rest("error:", error.message, width))]
    if error.hint:
        lines.append(Text.assemble(("hint:", "hint"), _rest("hint:", error.hint, width)))
    return Text("\n").join(lines)


def _rest(label: str, sentence: str, width: int | None) -> str:
    line = f"{label} {visible_line(sentence)}"
    return (wrapped(line, width) if width else line).removeprefix(label)
