"""`ragchat chat`, and plain `ragchat`: its options."""

from __future__ import annotations

from typing import Annotated

import typer

from ragchat.cli.chat import converse
from ragchat.cli.options import (
    CollectionOption,
    DocsOption,
    HomeOption,
    LocalOnlyOption,
    ProviderOption,
    SourceOption,
    TopKOption,
)

ContinueOption = Annotated[bool, typer.Option("--continue", help="Go on with the last session.")]
ResumeOption = Annotated[
    str | None,
    typer.Option(
        "--resume",
        metavar="SESSION",
        help="Go on with this session, by its number, id or name in `sessions list`.",
    ),
]


def chat(
    docs: DocsOption = None,
    collection: CollectionOption = None,
    source: SourceOption = None,
    provider: ProviderOption = None,
    local_only: LocalOnlyOption = False,
    top_k: TopKOption = None,
    last: ContinueOption = False,
    resume: ResumeOption = None,
    home: HomeOption = None,
) -> None:
    """Ask one question after the other. Without a terminal, a question is read from each line of stdin."""
    converse(docs, collection, source, provider, local_only, top_k, last, resume, home)
