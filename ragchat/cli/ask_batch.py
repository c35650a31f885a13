"""`ragchat ask --questions`: many questions, and an answer to each in their order."""

from __future__ import annotations

import shutil
import sys
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING

import typer

from ragchat.cli.output import print_error, print_result
from ragchat.cli.shapes import answer_shape
from ragchat.errors import Interrupted, UsageError

if TYPE_CHECKING:
    from ragchat.cli.desk import Desk
    from ragchat.conversation.batch import Batch, Outcome
    from ragchat.index.collection import Collection
    from ragchat.terminal.batch import Tally

_STDIN = Path("-")
_IN_MEMORY = 1_000_000


@dataclass(frozen=True, slots=True)
class Asking:
    """How the questions of a file are put: to the documents that match `only`, by `provider` alone if any."""

    provider: str | None
    only: str | None
    at_once: int
    as_json: bool


def ask_all(file: Path, asking: Asking, desk: Desk, collection: Collection) -> None:
    """Answer the questions of `file`; the whole of it is read before the first is asked.

    Ends with `typer.Exit` when a question failed, or at Ctrl-C. Raises `UsageError` that names a broken line.
    """
    from ragchat.conversation.batch import Batch  # noqa: PLC0415
    from ragchat.conversation.questions import read_questions  # noqa: PLC0415
    from ragchat.resilience.pacing import Paces  # noqa: PLC0415
    from ragchat.terminal.batch import Tally  # noqa: PLC0415

    name = "stdin" if file == _STDIN else str(file)
    with ExitStack() as opened:
        lines = _opened(file, opened)
        tally = Tally(sum(1 for _ in read_questions(lines, name)))
        if not tally.total:
            raise UsageError(f"There is no question in {name}.", "Write one on each line.")
        lines.seek(0)
        at_once = min(asking.at_once, tally.total)
        paces = Paces(at_once, desk.workspace.settings.batch.requests_per_minute)
        sessions = desk.workspace.sessions(collection, asking.provider, asking.only, paces)
        batch = Batch(read_questions(lines, name), sessions, at_once, wake=paces.stop)
        opened.enter_context(closing(batch))
        finished = _followed(batch, tally, asking, desk)
    desk.note(tally.line())
    if not finished:
        raise typer.Exit(Interrupted.exit_status)
    if tally.failed:
        raise typer.Exit(1)


def _followed(batch: Batch, tally: Tally, asking: Asking, desk: Desk) -> bool:
    """Tell each outcome as its turn comes; False when Ctrl-C ended it, after what there was."""
    from ragchat.terminal.batch import TallyLine  # noqa: PLC0415
    from ragchat.terminal.signals import Interrupts  # noqa: PLC0415

    interrupts, line = Interrupts(), TallyLine(desk.terminal)
    with interrupts.watched():
        try:
            while not interrupts.pending and batch.fill():
                line.show(tally)
                with interrupts.letting_through():
                    batch.wait()
                line.clear()
                _tell(batch.take(), tally, asking, desk)
        except KeyboardInterrupt:
            if interrupts.seen > 1:
                raise
        finally:
            line.clear()
        if interrupts.seen:
            _stop(batch, tally, asking, desk)
    return not interrupts.seen


def _stop(batch: Batch, tally: Tally, asking: Asking, desk: Desk) -> None:
    unfinished = 0
    for outcome in batch.stop():
        if isinstance(outcome.error, Interrupted):
            unfinished += 1
        else:
            _tell(outcome, tally, asking, desk)
    rest = tally.total - tally.told - unfinished
    desk.note(f"Interrupted: {unfinished:,} left unfinished, {rest:,} not asked.")


def _tell(outcome: Outcome, tally: Tally, asking: Asking, desk: Desk) -> None:
    from ragchat.terminal.batch import tell  # noqa: PLC0415

    answer, question = outcome.answer, outcome.question
    if not asking.as_json:
        tell(outcome, desk.terminal)
    elif answer:
        print_result(answer_shape(question.text, answer), one_line=True, name=question.id)
    elif outcome.error:
        print_error(outcome.error, one_line=True, name=question.id)
    failed = answer is None or asking.provider not in (None, answer.completion.provider)
    tally.count(outcome, failed=failed)


def _opened(file: Path, opened: ExitStack) -> IO[bytes]:
    """The lines of `file`, which can be read twice; raises `UsageError`."""
    try:
        if file == _STDIN:
            if sys.stdin is None:
                raise UsageError("Standard input is closed.", "Name a file: --questions FILE")
            source: IO[bytes] = sys.stdin.buffer
        else:
            source = opened.enter_context(file.open("rb"))
        if source.seekable() and file != _STDIN:
            return source
        # A pipe is read once only, and its lines are needed twice: to be checked, and to be asked.
        copy: IO[bytes] = opened.enter_context(SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115 - it is, by `opened`
        shutil.copyfileobj(source, copy)
        copy.seek(0)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.", "Name a file of questions.") from error
    return copy
