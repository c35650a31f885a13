"""An answer shown while it arrives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rich.text import Text

from ragchat.core.completion import Delta, Notice
from ragchat.errors import Interrupted
from ragchat.pipeline.events import Answered, Retrieved
from ragchat.terminal.sanitise import Sanitiser, visible_line
from ragchat.terminal.screen import AnswerScreen
from ragchat.terminal.signals import Interrupts
from ragchat.terminal.views.answer import status
from ragchat.terminal.views.sources import cited

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from ragchat.core.answer import Answer
    from ragchat.core.passage import Passage
    from ragchat.pipeline.events import Event
    from ragchat.terminal.console import Terminal


@dataclass(frozen=True, slots=True)
class Shown:
    """What was shown: `interrupted` answers are partial."""

    answer: Answer
    interrupted: bool


def show(events: Generator[Event, None, None], terminal: Terminal) -> Shown:
    """Show the answer as it arrives, then its sources and what it took.

    Ctrl-C ends the answer and keeps what had arrived: `events` gets a `KeyboardInterrupt` and is expected to
    go on to `Answered`. Raises `Interrupted` when it ends without an answer, `KeyboardInterrupt` at a second
    Ctrl-C, and what `events` raises.
    """
    interrupts = Interrupts()
    paper = AnswerScreen(terminal) if terminal.screen else _Pipe(terminal)
    with interrupts.watched():
        answer = _write(events, paper, interrupts)
    if answer is None:
        raise Interrupted("The question was interrupted before an answer came.", "Ask it again.")
    _below(answer, terminal)
    return Shown(answer, interrupted=interrupts.seen > 0)


class _Paper(Protocol):
    """Where an answer is written."""

    def begin(self) -> None: ...
    def found(self, passages: Sequence[Passage]) -> None: ...
    def text(self, delta: Delta) -> None: ...
    def notice(self, text: str) -> None: ...
    def end(self) -> None: ...


def _write(events: Generator[Event, None, None], paper: _Paper, interrupts: Interrupts) -> Answer | None:
    answer = None
    paper.begin()
    try:
        while event := _next(events, interrupts):
            match event:
                case Retrieved():
                    paper.found(event.passages)
                case Delta():
                    paper.text(event)
                case Notice():
                    paper.notice(event.text)
                case Answered():
                    answer = event.answer
            if interrupts.seen > 1:  # the generator may have caught the second one too
                raise KeyboardInterrupt
    finally:
        paper.end()
    return answer


def _next(events: Generator[Event, None, None], interrupts: Interrupts) -> Event | None:
    throwing, interrupts.pending = interrupts.pending, False
    try:
        with interrupts.letting_through():
            return events.throw(KeyboardInterrupt()) if throwing else next(events)
    except StopIteration:
        return None
    except KeyboardInterrupt:
        if throwing or interrupts.seen > 1:
            raise
        interrupts.pending = True  # it came just before or just behind the generator's own code
        return _next(events, interrupts)


class _Pipe:
    """Plain text, straight through; everything else goes to stderr."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._sanitiser = Sanitiser()
        self._in_line = False

    def begin(self) -> None:
        pass

    def found(self, passages: Sequence[Passage]) -> None:
        pass

    def text(self, delta: Delta) -> None:
        if shown := self._sanitiser.feed(delta.text):
            self._in_line = not shown.endswith("\n")
            self._terminal.out.print(Text(shown), end="")

    def notice(self, text: str) -> None:
        self._terminal.aside.print(Text(visible_line(text), style="notice"))

    def end(self) -> None:
        if self._in_line:
            self._terminal.out.print()


def _below(answer: Answer, terminal: Terminal) -> None:
    if answer.citations:
        terminal.out.print()
        sources = cited(answer.citations, terminal.directory, terminal.line_width, links=terminal.links)
        terminal.out.print(sources)
    terminal.aside.print(status(answer, terminal.line_width))
