"""`ragchat doctor`: what is wrong, and the cure."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Annotated

import typer

from ragchat.cli.options import CollectionOption, HomeOption, JsonOption
from ragchat.cli.output import print_result


def doctor(
    online: Annotated[
        bool, typer.Option("--online", help="Ask the providers with a key whether they take it.")
    ] = False,
    collection: CollectionOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look at everything ragchat needs and say what is wrong, with its cure. Exit status 1 when something is.

    Nothing is mended. Only with --online is anything sent to a provider in the cloud: the key, for its models.
    """
    from ragchat.assembly.examination import examine  # noqa: PLC0415
    from ragchat.terminal.console import terminal_here  # noqa: PLC0415
    from ragchat.terminal.views.doctor import finding_lines  # noqa: PLC0415
    from ragchat.upkeep.checks.surroundings import Screen  # noqa: PLC0415

    terminal = terminal_here()
    screen = Screen(
        drawable=terminal.screen,
        width=terminal.out.width,
        height=terminal.out.height,
        colours=terminal.out.color_system is not None,
        encoding=terminal.out.encoding,
    )
    findings = []
    for finding in examine({"home": home}, os.environ, terminal.directory, screen, collection, ask=online):
        findings.append(finding)
        if not as_json:
            terminal.out.print(finding_lines(finding, terminal.line_width))
    ok = all(finding.state != "problem" for finding in findings)
    if as_json:
        print_result({"findings": [asdict(finding) for finding in findings], "ok": ok})
    if not ok:
        raise typer.Exit(1)
