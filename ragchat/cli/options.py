"""The options that commands share, each said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ragchat.cli.completion import collections
from ragchat.core.choices import EmbedderChoice, ProviderChoice

# The sections that a page of help has below the command's own options.
WHICH = "Which documents"
WHO = "Who answers"
COMMON = "Common options"

JsonOption = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON, for programs.", rich_help_panel=COMMON)
]
HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        metavar="FOLDER",
        help="Where ragchat keeps its data (RAGCHAT_HOME).",
        rich_help_panel=COMMON,
    ),
]
CollectionOption = Annotated[
    str | None,
    typer.Option(
        "--collection",
        metavar="NAME",
        help="The collection; the default one when left out.",
        autocompletion=collections,
        rich_help_panel=WHICH,
    ),
]
DocsOption = Annotated[
    Path | None,
    typer.Option(
        "--docs",
        metavar="PATH",
        help="Ask this file or folder instead; it is indexed on the way.",
        rich_help_panel=WHICH,
    ),
]
SourceOption = Annotated[
    str | None,
    typer.Option(
        "--source",
        metavar="GLOB",
        help="Ask only the documents whose path, or its end, matches.",
        rich_help_panel=WHICH,
    ),
]
PruneOption = Annotated[
    bool, typer.Option("--prune/--no-prune", help="Let what is gone from a folder leave the index.")
]
EncodingOption = Annotated[
    str | None, typer.Option("--encoding", metavar="NAME", help="Read text files as this, such as cp1250.")
]
ProviderOption = Annotated[
    ProviderChoice | None,
    typer.Option("--provider", help="Ask this provider only; status 5 when it fails.", rich_help_panel=WHO),
]
LocalOnlyOption = Annotated[
    bool,
    typer.Option(
        "--local-only", help="Send nothing to another machine (RAGCHAT_CLOUD=never).", rich_help_panel=WHO
    ),
]
TopKOption = Annotated[
    int | None,
    typer.Option("--top-k", metavar="N", min=1, max=50, help="How many passages to find (RAGCHAT_TOP_K)."),
]
EmbedderOption = Annotated[
    EmbedderChoice | None, typer.Option("--embedder", help="What turns text into vectors, for a new collection.")
]
