"""`ragchat config`: what is set, and which source said so."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragchat.cli.options import HomeOption, JsonOption
from ragchat.cli.output import print_result
from ragchat.cli.quiet import QUIET
from ragchat.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragchat.settings.describe import Row
    from ragchat.settings.origin import Origin

app = typer.Typer(help="Show the settings, and where each comes from.")


@app.command("show")
def show_settings(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A setting, its variable or a section; all when left out."),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show every setting with its value, the source that won and what it overrode. A key is never shown whole."""
    from rich.text import Text  # noqa: PLC0415

    from ragchat.settings.describe import describe  # noqa: PLC0415
    from ragchat.settings.load import load_settings  # noqa: PLC0415
    from ragchat.terminal.console import terminal_here  # noqa: PLC0415
    from ragchat.terminal.views import settings as views  # noqa: PLC0415

    loaded = load_settings(flags={"home": home}, environ=os.environ, cwd=Path.cwd())
    rows = describe(loaded)
    chosen = rows if name is None else _named(name, rows)
    if as_json:
        print_result({"settings": [_shape(row) for row in chosen], "warnings": list(loaded.warnings)})
        return
    terminal = terminal_here(quiet=QUIET.get())
    for warning in loaded.warnings:
        terminal.remarks.print(Text(warning, style="notice"))
    show = views.setting if len(chosen) == 1 else views.settings
    terminal.out.print(show(chosen, terminal.line_width))


@app.command("path")
def show_path(as_json: JsonOption = False) -> None:
    """Show where the config file is read from. Make it there to have settings of your own."""
    from ragchat.settings.places import config_file  # noqa: PLC0415
    from ragchat.terminal.console import terminal_here  # noqa: PLC0415
    from ragchat.terminal.sanitise import visible_line  # noqa: PLC0415

    path = config_file(os.environ, Path.cwd())
    if as_json:
        print_result({"path": str(path), "exists": path.is_file()})
    else:
        terminal_here().out.print(visible_line(str(path)))


def _named(name: str, rows: Sequence[Row]) -> list[Row]:
    """The setting called `name`, or all of a section; raises `UsageError` with the nearest."""
    found = [row for row in rows if name in (row.name, row.environment, row.name.partition(".")[0])]
    if found:
        return found
    known = [known for row in rows for known in (row.name, row.environment)]
    near = get_close_matches(name, known, n=1, cutoff=0.4)
    raise UsageError(
        f"There is no setting called {name}.",
        f"Did you mean {near[0]}?" if near else "See them all: ragchat config show",
    )


def _shape(row: Row) -> dict[str, object]:
    return {
        "name": row.name,
        "environment": row.environment,
        "value": row.value,
        "default": row.default,
        "source": _source(row.origin),
        "overridden": [_source(origin) for origin in row.overridden],
        "description": row.description,
        "note": row.note,
    }


def _source(origin: Origin) -> dict[str, str]:
    return {"kind": origin.kind, "where": origin.where}
