"""`ragchat doctor`: what is wrong, and the cure."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ragchat.cli.options import CollectionOption, HomeOption, JsonOption
from ragchat.cli.output import print_result

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ragchat.terminal.console import Terminal
    from ragchat.upkeep.finding import Finding


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
    from ragchat.terminal.console import terminal_here  # noqa: PLC0415
    from ragchat.terminal.views.doctor import finding_lines  # noqa: PLC0415

    terminal = terminal_here()
    findings = []
    for finding in examined(terminal, {"home": home}, collection, online=online):
        findings.append(finding)
        if not as_json:
            terminal.out.print(finding_lines(finding, terminal.line_width))
    ok = all(finding.state != "problem" for finding in findings)
    if as_json:
        print_result({"findings": [asdict(finding) for finding in findings], "ok": ok})
    if not ok:
        raise typer.Exit(1)


def examined(
    terminal: Terminal, flags: Mapping[str, object], collection: str | None, *, online: bool = False
) -> Iterator[Finding]:
    """What there is to find, one after the other; whether keys are valid is asked `online`."""
    from ragchat.assembly.examination import examine  # noqa: PLC0415
    from ragchat.upkeep.checks.surroundings import Screen  # noqa: PLC0415

    screen = Screen(
        drawable=terminal.screen,
        width=terminal.out.width,
        height=terminal.out.height,
        colours=terminal.out.color_system is not None,
        encoding=terminal.out.encoding,
    )
    return examine(flags, os.environ, terminal.directory, screen, collection, ask=online)
