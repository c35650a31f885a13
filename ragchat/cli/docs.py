"""`ragchat docs`: what is indexed, and how it leaves."""

from __future__ import annotations

from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragchat.cli import completion
from ragchat.cli.options import CollectionOption, HomeOption, JsonOption
from ragchat.cli.output import print_result
from ragchat.cli.shapes import chunk_shape, document_shape, relative
from ragchat.errors import Interrupted, UsageError
from ragchat.terminal.views.quantities import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragchat.index.manifest import DocumentRecord

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
        metavar="SOURCE...",
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
        desk.terminal.out.print(documents(records, desk.terminal.directory, desk.terminal.line_width))


@app.command("show")
def show_document(
    source: SourceArgument,
    collection: CollectionOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one document as it was split, with the place of each chunk."""
    from ragchat.cli.desk import open_desk  # noqa: PLC0415
    from ragchat.terminal.views.documents import document  # noqa: PLC0415

    desk = open_desk({"home": home}, as_json=as_json)
    manifest = desk.collection(collection).manifest
    record = _named(source, manifest.documents())
    chunks = manifest.chunks_of(record.source)
    if as_json:
        print_result({**document_shape(record), "chunks": [chunk_shape(chunk) for chunk in chunks]})
    else:
        desk.terminal.out.print(document(record, chunks, desk.terminal.directory, desk.terminal.line_width))


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

    desk = open_desk({"home": home}, as_json=as_json)
    target = desk.collection(collection)
    records = target.manifest.documents()
    removed = list(dict.fromkeys(record.source for source in sources for record in _meant(source, records)))
    globbed = any(map(_is_glob, sources))
    if globbed and not (yes or as_json or desk.confirmed(f"Remove {counted(len(removed), 'document')}?")):
        raise Interrupted("Nothing was removed.")
    target.remove(removed)
    if as_json:
        print_result({"removed": [relative(source) for source in removed]})
    else:
        desk.terminal.out.print(f"{counted(len(removed), 'document')} removed")


def _meant(given: str, records: Sequence[DocumentRecord]) -> list[DocumentRecord]:
    """The documents that `given` matches as a glob, as `--source` does, or the one that it names."""
    exact = any(given in (record.source, relative(record.source)) for record in records)
    if exact or not _is_glob(given):
        return [_named(given, records)]
    path = str(Path.cwd() / given)
    patterns = (given, f"*/{given}", path)
    found = [record for record in records if any(fnmatchcase(record.source, pattern) for pattern in patterns)]
    if not found:
        raise UsageError(f"No indexed document matches {given}.", "See them all: ragchat docs list")
    return found


def _is_glob(given: str) -> bool:
    return any(character in given for character in "*?[")


def _named(given: str, records: Sequence[DocumentRecord]) -> DocumentRecord:
    """The one document that `given` means: its path, or as much of the path's end as tells it from others."""
    path = str(Path(given).resolve())
    matches = [record for record in records if record.source in (given, path)]
    matches = matches or [record for record in records if record.source.endswith(f"/{given}")]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise UsageError(
            f"{len(matches)} documents are called {given}.",
            f"Say more of the path: {relative(matches[0].source)} or {relative(matches[1].source)}.",
        )
    names = [relative(record.source) for record in records]
    near = get_close_matches(given, names, n=1, cutoff=0.4)
    raise UsageError(
        f"No indexed document is called {given}.",
        f"Did you mean {near[0]}?" if near else "See them all: ragchat docs list",
    )
