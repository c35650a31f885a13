"""`ragchat index`: is it whole, what it takes, and how it is made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ragchat.cli.index_shapes import rebuild_shape, status_shape, vacuum_shape, verification_shape
from ragchat.cli.options import CollectionOption, HomeOption, JsonOption
from ragchat.cli.output import print_result
from ragchat.core.choices import EmbedderChoice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ragchat.cli.desk import Desk
    from ragchat.index.collection import Collection

app = typer.Typer(help="Look into an index, mend it, or make it anew.")

EmbedderOption = Annotated[
    EmbedderChoice | None, typer.Option("--embedder", help="What turns text into vectors from now on.")
]


@app.command("status")
def status(collection: CollectionOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Say what a collection holds, by which embedder, how current it is and what it takes on the disk."""
    from ragchat.index.status import status_of  # noqa: PLC0415
    from ragchat.terminal.views import index as views  # noqa: PLC0415

    desk, target = _opened(collection, {"home": home}, as_json=as_json)
    found = status_of(target)
    if as_json:
        print_result(status_shape(found))
    else:
        desk.terminal.out.print(views.status(found, desk.terminal.line_width))


@app.command("verify")
def verify(collection: CollectionOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Look for every chunk by its words and by its vector. Exit status 1 when one is missing."""
    from ragchat.index.verify import verify as look_into  # noqa: PLC0415
    from ragchat.terminal.progress import StepProgress  # noqa: PLC0415
    from ragchat.terminal.views import index as views  # noqa: PLC0415

    desk, target = _opened(collection, {"home": home}, as_json=as_json)
    with StepProgress(desk.terminal) as progress:
        progress.update(0, None, "looking for every chunk")
        found = look_into(target)
    if as_json:
        print_result(verification_shape(found))
    else:
        desk.terminal.out.print(views.verified(found, target.name, desk.terminal.line_width))
    if not found.ok:
        raise typer.Exit(1)


@app.command("repair")
def repair(collection: CollectionOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Make what is missing again, from what is there; the files are not read."""
    from ragchat.terminal.progress import IngestProgress  # noqa: PLC0415
    from ragchat.terminal.signals import ending_cleanly  # noqa: PLC0415
    from ragchat.terminal.views import index as views  # noqa: PLC0415

    desk, target = _opened(collection, {"home": home}, as_json=as_json)
    with ending_cleanly(), IngestProgress(desk.terminal) as progress:
        found = desk.workspace.library.repair(target, progress.update)
    if as_json:
        print_result({"repaired": not found.ok, "found": verification_shape(found)})
    else:
        desk.terminal.out.print(views.repaired(found, desk.terminal.line_width))


@app.command("rebuild")
def rebuild(
    embed_only: Annotated[
        bool, typer.Option("--embed-only/--rechunk", help="Keep the chunks, or read and split the files again.")
    ] = False,
    embedder: EmbedderOption = None,
    collection: CollectionOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make words and vectors of every document anew, beside the old index, which answers until the end.

    What can no longer be read stays as it was.
    """
    from ragchat.terminal.progress import IngestProgress  # noqa: PLC0415
    from ragchat.terminal.signals import ending_cleanly  # noqa: PLC0415
    from ragchat.terminal.views import index as views  # noqa: PLC0415

    flags = {"home": home, "retrieval.embedder": embedder}
    desk, target = _opened(collection, flags, as_json=as_json)
    with ending_cleanly(), IngestProgress(desk.terminal) as progress:
        report = desk.workspace.library.rebuild(target, progress.update, rechunk=not embed_only)
    fingerprint = target.embedder or ""
    if as_json:
        print_result(rebuild_shape(report, fingerprint))
    else:
        terminal = desk.terminal
        terminal.out.print(views.rebuilt(report, fingerprint, terminal.directory, terminal.line_width))


@app.command("vacuum")
def vacuum(collection: CollectionOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Give the place of what is gone back to the disk."""
    from ragchat.index.vacuum import vacuum as pack  # noqa: PLC0415
    from ragchat.terminal.progress import StepProgress  # noqa: PLC0415
    from ragchat.terminal.signals import ending_cleanly  # noqa: PLC0415
    from ragchat.terminal.views import index as views  # noqa: PLC0415

    desk, target = _opened(collection, {"home": home}, as_json=as_json)
    with ending_cleanly(), StepProgress(desk.terminal) as progress:
        progress.update(0, None, "packing")
        report = pack(target)
    if as_json:
        print_result(vacuum_shape(report))
    else:
        desk.terminal.out.print(views.vacuumed(report, desk.terminal.line_width))


def _opened(name: str | None, flags: Mapping[str, object], *, as_json: bool) -> tuple[Desk, Collection]:
    """The desk, and the collection `name`, which may be empty, or an older release's."""
    from ragchat.cli.desk import open_desk  # noqa: PLC0415
    from ragchat.index.collection import DEFAULT  # noqa: PLC0415

    desk = open_desk(flags, as_json=as_json)
    return desk, desk.workspace.library.index(name or DEFAULT)
