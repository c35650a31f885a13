"""`ragchat collection`: knowledge bases of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ragchat.cli.completion import collections
from ragchat.cli.options import EmbedderOption, HomeOption, JsonOption
from ragchat.cli.output import print_result
from ragchat.cli.shapes import relative
from ragchat.errors import IndexDamaged

if TYPE_CHECKING:
    from ragchat.index.collection import Collection

app = typer.Typer(help="List, create and remove collections.")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="What the collection is called.")]
KnownNameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="What the collection is called.", autocompletion=collections)
]


@app.command("list")
def list_collections(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the collections, and those that `--docs` keeps for a path."""
    from ragchat.cli.desk import open_desk  # noqa: PLC0415
    from ragchat.terminal.views.collections import collections  # noqa: PLC0415

    desk = open_desk({"home": home}, as_json=as_json)
    found = desk.workspace.library.collections()
    if as_json:
        print_result({"collections": [_shape(collection) for collection in found]})
    elif found:
        desk.terminal.out.print(collections(found, desk.terminal.directory, desk.terminal.line_width))
    else:
        desk.note("There are no collections yet.")


@app.command("create")
def create_collection(
    name: NameArgument, embedder: EmbedderOption = None, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Create an empty collection. Ingesting into a new name does so too."""
    from ragchat.cli.desk import open_desk  # noqa: PLC0415

    desk = open_desk({"home": home, "retrieval.embedder": embedder}, as_json=as_json)
    reason = desk.workspace.library.create(name)
    if as_json:
        print_result({"created": name, "embedder_reason": reason})
    else:
        desk.terminal.out.print(f"{name} created")
        desk.note(reason)


@app.command("remove")
def remove_collection(name: KnownNameArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Remove a collection with its index; the documents' files stay."""
    from ragchat.cli.desk import open_desk  # noqa: PLC0415

    desk = open_desk({"home": home}, as_json=as_json)
    desk.workspace.library.remove(name)
    if as_json:
        print_result({"removed": name})
    else:
        desk.terminal.out.print(f"{name} removed")


def _shape(collection: Collection) -> dict[str, object]:
    shape: dict[str, object] = {"name": collection.name, "damaged": False}
    try:
        documents, chunks = collection.manifest.counts()
        folder = collection.manifest.folder
        path = None if folder is None else relative(folder)
        return {**shape, "documents": documents, "chunks": chunks, "embedder": collection.embedder, "path": path}
    except IndexDamaged:
        return {**shape, "damaged": True, "documents": None, "chunks": None, "embedder": None, "path": None}
