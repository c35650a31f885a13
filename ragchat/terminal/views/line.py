"""Short facts on one line, which becomes several between two facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.terminal.cells import cells
from ragchat.terminal.wrap import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable

_BETWEEN = " · "


def facts(parts: Iterable[str], style: str, width: int | None) -> Text:
    """The parts that are not empty, with dots between them; one that is wider than `width` breaks at its words."""
    lines: list[str] = []
    for part in filter(None, parts):
        joined = f"{lines[-1]}{_BETWEEN}{part}" if lines else part
        if lines and (width is None or cells(joined) <= width):
            lines[-1] = joined
        else:
            lines += wrapped(part, width).split("\n") if width else [part]
    return Text("\n".join(lines), style=style)
