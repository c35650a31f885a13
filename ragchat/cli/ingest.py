"""`ragchat ingest`: files and folders become searchable."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ragchat.cli.options import CollectionOption, EmbedderOption, EncodingOption, HomeOption, JsonOption
from ragchat.cli.output import print_result
from ragchat.cli.shapes import report_shape


def ingest(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files and folders.")],
    collection: CollectionOption = None,
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
    from ragchat.terminal.views.ingest import ingested  # noqa: PLC0415

    desk = open_desk({"home": home, "retrieval.embedder": embedder}, as_json=as_json)
    report, reason = desk.ingest(paths, collection, encoding)
    if as_json:
        print_result(report_shape(report, reason))
    else:
        desk.terminal.out.print(ingested(report, desk.terminal.directory, desk.terminal.line_width))
        desk.note(reason)
