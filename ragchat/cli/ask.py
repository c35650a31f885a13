"""`ragchat ask`: one question, one answer, or a file of questions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from ragchat.cli.desk import Desk
    from ragchat.conversation.session import Session
    from ragchat.core.answer import Answer
    from ragchat.pipeline.attaching import Attachment

QuestionArgument = Annotated[
    str | None,
    typer.Argument(metavar="QUESTION", help="The question, in quotation marks; - or nothing reads it from stdin."),
]
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
    question: QuestionArgument = None,
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
    """Answer QUESTION from the indexed documents, with marks that lead to file and line.

    What is piped in, or redirected from a file, is read beside them and cited as stdin:LINE. A pipe that no
    program beside this one writes to is given up after five seconds; with < /dev/null nothing is read.
    """
    from ragchat.cli.desk import open_desk  # noqa: PLC0415

    flags = {"home": home, "retrieval.top_k": top_k, "privacy.cloud": "never" if local_only else None}
    if questions is not None and question is not None:
        raise UsageError("A QUESTION and --questions ask twice.", "Leave one of them out.")
    if questions is None and question is not None and not question.strip():
        raise _unasked()
    desk = open_desk(flags, as_json=as_json)
    if questions is not None:
        asking = Asking(provider, source, at_once, as_json)
        ask_all(questions, asking, desk, desk.collection(collection, docs))
        return
    text = _piped(desk, wanted=question in (None, "-"), named=question == "-")
    if question in (None, "-"):
        question, text = text.strip(), ""
    if not question:
        raise _unasked()
    attachment = _attached(desk, text, question) if text.strip() else None
    session = desk.workspace.session(desk.collection(collection, docs), provider, source, attachment=attachment)
    answer = _told(desk, session, question, as_json=as_json)
    if provider not in (None, answer.completion.provider):
        raise typer.Exit(GenerationError.exit_status)


def _piped(desk: Desk, *, wanted: bool, named: bool) -> str:
    """What stdin holds: the question where that is `wanted`; a terminal is read only where stdin is `named`."""
    from ragchat.cli import stdin  # noqa: PLC0415

    source = sys.stdin.buffer if sys.stdin else None
    if source is None or not (named or stdin.is_piped(source)):
        return ""
    if not wanted and stdin.is_begun(source):
        return ""
    if not (wanted or stdin.comes(source)):
        if not stdin.is_written_to(source):
            told = "the question is asked without it. With < /dev/null nothing is waited for."
            desk.note(f"Nothing came on stdin for {stdin.PATIENCE_S:g} s; {told}")
            return ""
        desk.note("Waiting for what is piped in. With < /dev/null nothing is waited for.")
    return stdin.read_text(source, desk.workspace.settings.ingest.max_file_mb)


def _attached(desk: Desk, text: str, question: str) -> Attachment:
    attachment = desk.workspace.attachment(text, question)
    read = len(attachment.passages)
    if read < attachment.pieces:
        desk.note(
            f"Stdin is long: of its {attachment.pieces:,} pieces the {read} nearest to the question are read."
        )
    return attachment


def _told(desk: Desk, session: Session, question: str, *, as_json: bool) -> Answer:
    """The answer, shown or printed; raises `typer.Exit` when it was interrupted."""
    from ragchat.pipeline.answering import collect  # noqa: PLC0415
    from ragchat.terminal.stream import show  # noqa: PLC0415

    events = session.ask(question)
    if as_json:
        answer = collect(events)
        print_result(answer_shape(question, answer))
        return answer
    shown = show(events, desk.terminal)
    # One that stopped a wait alone has been answered by somebody else.
    if shown.interrupted and shown.answer.completion.finish == "cut":
        raise typer.Exit(Interrupted.exit_status)
    return shown.answer


def _unasked() -> UsageError:
    return UsageError("The question is empty.", 'Ask in quotation marks: ragchat ask "How …?"')
