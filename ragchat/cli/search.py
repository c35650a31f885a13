"""`ragchat search`: the passages alone."""

from __future__ import annotations

from typing import Annotated

import typer

from ragchat.cli.options import (
    CollectionOption,
    DocsOption,
    HomeOption,
    JsonOption,
    SourceOption,
    TopKOption,
)
from ragchat.cli.output import print_result
from ragchat.cli.shapes import passage_shape, search_shape
from ragchat.errors import NoHits


def search(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="Words or a question.")],
    docs: DocsOption = None,
    collection: CollectionOption = None,
    source: SourceOption = None,
    top_k: TopKOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the passages found for QUERY, best first, with how each was found."""
    from ragchat.cli.desk import open_desk  # noqa: PLC0415
    from ragchat.terminal.views.sources import found  # noqa: PLC0415

    desk = open_desk({"home": home, "retrieval.top_k": top_k}, as_json=as_json)
    retriever = desk.workspace.retriever(desk.collection(collection, docs), source)
    result = retriever.search(query, desk.workspace.settings.retrieval.top_k)
    for notice in result.notices:
        desk.note(notice)
    if not result.passages:
        raise NoHits("Nothing in your documents matches.", "Try other words.")
    if as_json:
        shapes = [passage_shape(passage) for passage in result.passages]
        search = search_shape(result.search)
        print_result({"query": query, "passages": shapes, "search": search, "notices": list(result.notices)})
    else:
        terminal = desk.terminal
        shown = found(result.passages, terminal.directory, terminal.line_width, links=terminal.links)
        terminal.out.print(shown)
