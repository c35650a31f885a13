"""What a bench measured: a small table of figures, then what went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.terminal.cells import cells
from ragchat.terminal.sanitise import visible_line
from ragchat.terminal.views.block import indented
from ragchat.terminal.views.line import facts
from ragchat.terminal.views.quantities import counted, seconds
from ragchat.terminal.wrap import wrapped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ragchat.bench.retrieval import Outcome, RetrievalReport

_SHOWN_MISSES = 10
_SHOWN_IDS = 3
_GAP = "  "


def retrieval(report: RetrievalReport, width: int | None) -> Text:
    """What was measured, the figures by measure and depth, and the first ten misses."""
    head = facts(
        (
            counted(report.documents, "document"),
            counted(report.chunks, "chunk"),
            counted(len(report.outcomes), "question"),
            f"{report.unanswerable:,} without an answer left out" if report.unanswerable else "",
            visible_line(report.embedder),
        ),
        "",
        width,
    )
    pace = facts(
        (
            f"{report.chunks_per_second:,.0f} chunks/s",
            f"search {seconds(report.search_s(0.5))} median, {seconds(report.search_s(0.95))} p95",
        ),
        "status",
        width,
    )
    return Text("\n\n").join(
        [Text("\n").join([head, pace]), _table(report.metrics), *_misses(report.misses, width)]
    )


def _table(metrics: Mapping[str, float]) -> Text:
    """A row for each measure, a column for each depth: `recall@5` stands in row `recall`, column `@5`."""
    parted = {name: name.split("@") for name in metrics}
    measures = list(dict.fromkeys(measure for measure, _ in parted.values()))
    depths = sorted({depth for _, depth in parted.values()}, key=lambda depth: int(depth.rstrip("t")))
    rows = [["", *(f"@{depth}" for depth in depths)]]
    for measure in measures:
        figures = (metrics.get(f"{measure}@{depth}") for depth in depths)
        rows.append([measure, *("" if figure is None else f"{figure:.3f}" for figure in figures)])
    widths = [max(map(cells, column)) for column in zip(*rows, strict=True)]
    first, *rest = (_line(row, widths) for row in rows)
    first.stylize("status")
    return Text("\n").join([first, *rest])


def _line(row: Sequence[str], widths: Sequence[int]) -> Text:
    name, *numbers = row
    columns = [text.rjust(width) for text, width in zip(numbers, widths[1:], strict=True)]
    return Text(_GAP.join([name.ljust(widths[0]), *columns]).rstrip())


def _misses(misses: Sequence[Outcome], width: int | None) -> list[Text]:
    if not misses:
        return []
    said = f"{counted(len(misses), 'question')} without a right document among the first five"
    if len(misses) > _SHOWN_MISSES:
        said += f", the first {_SHOWN_MISSES} of them"
    head = Text(wrapped(f"{said}:", width) if width else f"{said}:")
    return [Text("\n").join([head, *(_miss(outcome, width) for outcome in misses[:_SHOWN_MISSES])])]


def _miss(outcome: Outcome, width: int | None) -> Text:
    asked = visible_line(outcome.case.text)
    rank = f"at {outcome.rank}" if outcome.rank else "not found"
    below = f"{rank}: {_names(sorted(outcome.case.relevant))}; instead {_names(outcome.ranking) or 'nothing'}"
    return Text.assemble(wrapped(asked, width) if width else asked, "\n", (indented(below, width), "status"))


def _names(ids: Sequence[str]) -> str:
    shown = [visible_line(name) for name in ids[:_SHOWN_IDS]]
    return ", ".join([*shown, "…"] if len(ids) > _SHOWN_IDS else shown)
