"""What the doctor found, with the cure below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from ragchat.terminal.sanitise import visible_line
from ragchat.terminal.wrap import wrapped

if TYPE_CHECKING:
    from ragchat.upkeep.finding import Finding, State

_MARKS: Final[dict[State, str]] = {"ok": "✓", "warning": "!", "problem": "✗"}
_COLUMN: Final = max(map(len, _MARKS)) + 4


def finding_lines(finding: Finding, width: int | None) -> Text:
    """Mark, state and sentence beside them; `width` None wraps nothing."""
    label = f"{_MARKS[finding.state]} {finding.state}".ljust(_COLUMN)
    text = Text.assemble((label, finding.state), _beside(f"{finding.name}: {finding.message}", width))
    if finding.cure:
        text.append("\n" + " " * _COLUMN).append(_beside(f"cure: {finding.cure}", width), "hint")
    return text


def _beside(text: str, width: int | None) -> str:
    line = visible_line(text)
    return wrapped(line, width - _COLUMN).replace("\n", "\n" + " " * _COLUMN) if width else line
