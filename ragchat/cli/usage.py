"""`ragchat usage`: what the answers took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ragchat.cli.options import HomeOption, JsonOption
from ragchat.cli.output import print_result

if TYPE_CHECKING:
    from ragchat.usage.report import UsageRow


def usage(
    by: Annotated[
        Literal["provider", "model", "day", "arm"], typer.Option("--by", help="What a row stands for.")
    ] = "provider",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show requests, tokens and cost, from the ledger of every attempt at an answer."""
    from ragchat.cli.desk import open_desk  # noqa: PLC0415
    from ragchat.terminal.views import usage as views  # noqa: PLC0415

    desk = open_desk({"home": home}, as_json=as_json)
    report = desk.workspace.usage(by)
    if as_json:
        print_result({"rows": [_shape(row) for row in report.rows], "totals": _shape(report.totals)})
    elif report.rows:
        desk.terminal.out.print(views.usage(report, desk.terminal.line_width))
    else:
        desk.note("No question has been asked yet.")


def _shape(row: UsageRow) -> dict[str, object]:
    return {
        **dict(row.key),
        "requests": row.requests,
        "skipped": row.skipped,
        "failed": row.failed,
        "prompt_tokens": row.prompt_tokens,
        "completion_tokens": row.completion_tokens,
        "cost_usd": None if row.cost is None else float(row.cost),
        "unknown_costs": row.unknown_costs,
        "cached": row.cached,
        "saved_usd": None if row.saved_cost is None else float(row.saved_cost),
    }
