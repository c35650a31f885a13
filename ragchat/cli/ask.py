"""`ragchat ask`: one question, one answer, or a file of questions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ragchat.cli.ask_batch import Asking, ask_all
from ragchat.cli.options import (
    CollectionOption,
    DocsOption,
    HomeOption,
    JsonOption,
    LocalOnlyOption,
    ProviderOption,
    SourceOption,
    TopKOption,
)
from ragchat.cli.output import print_result
from ragchat.cli.shapes import answer_shape
from ragchat.errors import GenerationError, Interrupted, UsageError

QuestionsOption = Annotated[
    Path | None,
    typer.Option(
        "--questions",
        metavar="FILE",
        help='Answer every line of FILE, - for stdin; JSON lines of {"id", "text"} too.',
    ),
]
AtOnceOption = Annotated[
    int, typer.Option("--at-once", metavar="N", min=1, max=32, help="How many of FILE are answered at a time.")
]


def ask(
    question: Annotated[
        str | None, typer.Argument(metavar="QUESTION", help="The question, in quotation marks.")
    ] = None,
    questions: QuestionsOption = None,
    at_once: AtOnceOption = 4,
    docs: DocsOption = None,
    collection: CollectionOption = None,
    source: SourceOption = None,
    provider: ProviderOption = None,
    local_only: LocalOnlyOption = False,
    top_k: TopKOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer QUESTION from the indexed documents, with marks that lead to file and line."""
    from ragchat.cli.desk import open_desk  # noqa: PLC0415
    from ragchat.pipeline.answering import collect  # noqa: PLC0415
    from ragchat.terminal.stream import show  # noqa: PLC0415

    flags = {"home": home, "retrieval.top_k": top_k, "privacy.cloud": "never" if local_only else None}
    if questions is not None:
        if question is not None:
            raise UsageError("A QUESTION and --questions ask twice.", "Leave one of them out.")
        desk = open_desk(flags, as_json=as_json)
        asking = Asking(provider, source, at_once, as_json)
        ask_all(questions, asking, desk, desk.collection(collection, docs))
        return
    if question is None or not question.strip():
        raise UsageError("The question is empty.", 'Ask in quotation marks: ragchat ask "How …?"')
    desk = open_desk(flags, as_json=as_json)
    session = desk.workspace.session(desk.collection(collection, docs), provider, source)
    events = session.ask(question)
    if as_json:
        answer = collect(events)
        print_result(answer_shape(question, answer))
    else:
        shown = show(events, desk.terminal)
        answer = shown.answer
        if shown.interrupted:
            raise typer.Exit(Interrupted.exit_status)
    if provider not in (None, answer.completion.provider):
        raise typer.Exit(GenerationError.exit_status)
