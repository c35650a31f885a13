"""Lines fitted to the screen: broken between facts or at words, or filled as far as there is room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.terminal.cells import cells, crop
from ragchat.terminal.wrap import wrapped, wrapped_text

if TYPE_CHECKING:
    from collections.abc import Iterable

_BETWEEN = " · "
_FEWEST = 8


def facts(parts: Iterable[str], style: str, width: int | None) -> Text:
    """The parts that are not empty, with dots between them; one that is wider than a line is wrapped."""
    lines: list[str] = []
    for part in filter(None, parts):
        joined = f"{lines[-1]}{_BETWEEN}{part}" if lines else part
        if lines and (width is None or cells(joined) <= width):
            lines[-1] = joined
        else:
            lines += wrapped(part, width).split("\n") if width else [part]
    return Text("\n".join(lines), style=style)


def fitted(line: Text, width: int | None) -> Text:
    """`line` wrapped at words, in its styles; `width` None wraps nothing."""
    if width is None:
        return line
    return Text("\n").join(wrapped_text(line, width))


def filled(line: Text, parts: Iterable[tuple[str, str]], width: int | None) -> Text:
    """Append what fits behind `line` of the parts, each with its style; one that hardly fits is left out."""
    for part, style in parts:
        room = cells(part) if width is None else width - cells(line.plain) - 2
        if part and room >= min(_FEWEST, cells(part)):
            line.append("  ").append(crop(part, room), style)
    return line
