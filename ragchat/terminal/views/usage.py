"""What the answers took, as a table that adds up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from ragchat.terminal.cells import cells
from ragchat.terminal.sanitise import visible_line
from ragchat.terminal.views.line import facts
from ragchat.terminal.views.quantities import counted, money, tokens

if TYPE_CHECKING:
    from ragchat.usage.report import UsageReport, UsageRow

_GAP = "  "
_BETWEEN = " · "


class _Cells(NamedTuple):
    name: str
    requests: str
    tokens: str
    cost: str
    notes: str


def usage(report: UsageReport, width: int | None) -> Text:
    """A line for each row and one for all; where one does not fit, its notes go below, or all but its name."""
    rows = [*map(_cells, report.rows), _cells(report.totals)]
    widths = [max(map(cells, column)) for column in zip(*rows, strict=True)][:4]
    fits = width is None or sum(widths) + 3 * len(_GAP) <= width
    *lines, total = (_line(row, widths, width) if fits else _stacked(row, width) for row in rows)
    total.stylize("heading")
    return Text("\n").join([*lines, total])


def _cells(row: UsageRow) -> _Cells:
    notes = (
        f"{row.failed:,} failed" if row.failed else "",
        f"{row.skipped:,} skipped" if row.skipped else "",
        f"{row.cached:,} answered before" if row.cached else "",
        f"cost of {row.unknown_costs:,} unknown" if row.unknown_costs and row.cost is not None else "",
    )
    return _Cells(
        visible_line(" ".join(value for _, value in row.key)) or "all",
        counted(row.requests, "request"),
        tokens(row.prompt_tokens, row.completion_tokens),
        money(row.cost) if row.requests else "",
        _BETWEEN.join(filter(None, notes)),
    )


def _stacked(row: _Cells, width: int | None) -> Text:
    below = facts((*row[1:4], *row.notes.split(_BETWEEN)), "status", width and width - len(_GAP))
    return Text.assemble(row.name, (f"\n{below.plain}".replace("\n", f"\n{_GAP}"), "status"))


def _line(row: _Cells, widths: list[int], width: int | None) -> Text:
    name = row.name + " " * (widths[0] - cells(row.name))
    numbers = [text.rjust(size) for text, size in zip(row[1:4], widths[1:], strict=True)]
    line = Text(_GAP.join([name, *numbers]).rstrip())
    if row.notes:
        fits = width is None or cells(line.plain) + len(_GAP) + cells(row.notes) <= width
        line.append((_GAP if fits else f"\n{_GAP}") + row.notes, "status")
    return line
