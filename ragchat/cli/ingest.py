"""`ragchat ingest`: files and folders become searchable, once or whenever they change."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragchat.cli.options import (
    CollectionOption,
    EmbedderOption,
    EncodingOption,
    HomeOption,
    JsonOption,
    PruneOption,
)
from ragchat.cli.output import print_error, print_result
from ragchat.cli.shapes import plan_shape, report_shape
from ragchat.errors import RagchatError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ragchat.cli.desk import Desk
    from ragchat.index.watch import Round


def ingest(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Files and folders.")],
    collection: CollectionOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    prune: PruneOption = True,
    watch: Annotated[bool, typer.Option("--watch", help="Go on, and ingest whenever something changes.")] = False,
    encoding: EncodingOption = None,
    embedder: EmbedderOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Index files and folders: text, Markdown, HTML, PDF, Word, EPUB, CSV, JSON, notebooks, source code.

    Run it again after changes: only what changed is read, and of a folder, what is gone leaves the index.
    Hidden files and those that .gitignore or .ragchatignore name are left out.
    """
    from ragchat.cli.desk import open_desk  # noqa: PLC0415
    from ragchat.index.collection import DEFAULT  # noqa: PLC0415
    from ragchat.terminal.views.ingest import ingested  # noqa: PLC0415
    from ragchat.terminal.views.plan import planned  # noqa: PLC0415

    if dry_run and watch:
        raise UsageError("--dry-run and --watch cannot go together.", "Leave one of them out.")
    desk = open_desk({"home": home, "retrieval.embedder": embedder}, as_json=as_json)
    library, terminal = desk.workspace.library, desk.terminal
    if dry_run:
        plan = library.plan(paths, collection or DEFAULT, again=encoding is not None, prune=prune)
        if as_json:
            print_result(plan_shape(plan))
        else:
            terminal.out.print(planned(plan, terminal.directory, terminal.line_width))
        return
    report, reason = desk.ingest(paths, collection, encoding, prune=prune)
    if as_json:
        print_result(report_shape(report, reason), one_line=watch)
    else:
        terminal.out.print(ingested(report, terminal.directory, terminal.line_width))
        desk.note(reason)
    if watch:
        rounds = library.watch(paths, collection or DEFAULT, encoding, prune=prune, failed=report.failed)
        _follow(desk, rounds, as_json=as_json)


def _follow(desk: Desk, rounds: Iterator[Round | RagchatError], *, as_json: bool) -> None:
    """Tell of each round until a signal ends it; that is how it is meant to end."""
    from ragchat.terminal.signals import any_ending  # noqa: PLC0415

    interrupts = any_ending()
    with suppress(KeyboardInterrupt), interrupts.watched():
        desk.note("Watching for changes; Ctrl-C ends it.")
        while True:
            with interrupts.letting_through():
                if interrupts.pending:
                    break
                done = next(rounds)
            _tell(desk, done, as_json=as_json)
    desk.note("No longer watching.")


def _tell(desk: Desk, done: Round | RagchatError, *, as_json: bool) -> None:
    from ragchat.terminal.views.failure import failure  # noqa: PLC0415
    from ragchat.terminal.views.plan import round_done  # noqa: PLC0415

    terminal = desk.terminal
    if isinstance(done, RagchatError):
        if as_json:
            print_error(done, one_line=True)
        else:
            terminal.err.print(failure(done, terminal.line_width))
    elif as_json:
        print_result(report_shape(done.report, ""), one_line=True)
    else:
        terminal.out.print(round_done(done, datetime.now(), terminal.directory, terminal.line_width))
