"""`ragchat docs`: what is indexed, and how it leaves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ragchat.cli import completion
from ragchat.cli.options import CollectionOption, HomeOption, JsonOption
from ragchat.cli.output import print_result
from ragchat.cli.shapes import chunk_shape, document_shape, relative
from ragchat.errors import Interrupted
from ragchat.terminal.views.quantities import counted

app = typer.Typer(help="List, show and remove indexed documents.")

SourceArgument = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE", help="A document as `docs list` names it.", autocompletion=completion.documents
    ),
]
SourcesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE",
        help="Documents as listed, or globs such as 'notes/*.md'.",
        autocompletion=completion.documents,
    ),
]


@app.command("list")
def list_documents(
    collection: CollectionOption = None, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """List the indexed documents."""
    from ragchat.cli.desk import open_desk  # noqa: PLC0415
    from ragchat.terminal.views.documents import documents  # noqa: PLC0415

    desk = open_desk({"home": home}, as_json=as_json)
    records = desk.collection(collection).manifest.documents()
    if as_json:
        print_result({"documents": [document_shape(record) for record in records]})
    else:
        terminal = desk.terminal
        terminal.out.print(documents(records, terminal.directory, terminal.line_width, links=terminal.links))


@app.command("show")
def show_document(
    source: SourceArgument,
    collection: CollectionOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one document as it was split, with the place of each chunk."""
    from ragchat.cli.desk import open_desk  # noqa: PLC0415
    from ragchat.index.naming import named  # noqa: PLC0415
    from ragchat.terminal.views.documents import document  # noqa: PLC0415

    desk = open_desk({"home": home}, as_json=as_json)
    manifest = desk.collection(collection).manifest
    record = named(source, manifest.documents(), Path.cwd())
    chunks = manifest.chunks_of(record.source)
    if as_json:
        print_result({**document_shape(record), "chunks": [chunk_shape(chunk) for chunk in chunks]})
    else:
        terminal = desk.terminal
        shown = document(record, chunks, terminal.directory, terminal.line_width, links=terminal.links)
        terminal.out.print(shown)


@app.command("remove")
def remove_documents(
    sources: SourcesArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")] = False,
    collection: CollectionOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove documents from the index; their files stay.

    What a glob matches is counted and asked for first, on a terminal.
    """
    from ragchat.cli.desk import open_desk  # noqa: PLC0415
    from ragchat.index.naming import is_glob, meant  # noqa: PLC0415

    desk = open_desk({"home": home}, as_json=as_json)
    target = desk.collection(collection)
    records = target.manifest.documents()
    removed = meant(sources, records, Path.cwd())
    globbed = any(map(is_glob, sources))
    if globbed and not (yes or as_json or desk.confirmed(f"Remove {counted(len(removed), 'document')}?")):
        raise Interrupted("Nothing was removed.")
    target.remove(removed)
    if as_json:
        print_result({"removed": [relative(source) for source in removed]})
    else:
        desk.terminal.out.print(f"{counted(len(removed), 'document')} removed")
