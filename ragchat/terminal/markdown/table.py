"""A table in columns, or where there is no room for them, cell by cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from ragchat.terminal.markdown.inline import inline
from ragchat.terminal.wrap import wrapped_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ragchat.terminal.marks import LinkOf

_NARROWEST = 8  # the cells of a column and what parts it from the next


def table_lines(rows: Sequence[Sequence[str]], room: int, link_of: LinkOf, console: Console) -> list[Text]:
    """Lines of at most `room` cells; `rows` are Markdown, the first of them is the head."""
    head, *body = ([inline(cell, link_of).text for cell in row] for row in rows)
    if len(head) * _NARROWEST > room:
        return _listed(head, body, room)
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="strong")
    for cell in head:
        table.add_column(cell, overflow="fold")
    for row in body:
        table.add_row(*row)
    lines = console.render_lines(table, console.options.update(width=room, no_wrap=False), pad=False)
    shown = [Text.assemble(*((part.text, part.style or "") for part in line)) for line in lines]
    for line in shown:
        line.rstrip()
    return shown


def _listed(head: Sequence[Text], body: Sequence[Sequence[Text]], room: int) -> list[Text]:
    """`head: cell` for each cell, with an empty line between two rows."""
    if not body:
        return [line for cell in head for line in wrapped_text(cell, room)]
    lines: list[Text] = []
    for row in body:
        if lines:
            lines.append(Text())
        for name, cell in zip(head, row, strict=False):
            lines += wrapped_text(Text.assemble(name, ": ", cell) if name.plain else cell, room)
    return lines
