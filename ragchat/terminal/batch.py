"""Many questions and what became of each, as a person follows them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.core.completion import Delta, Notice
from ragchat.pipeline.events import Answered
from ragchat.terminal.cells import crop
from ragchat.terminal.sanitise import visible_line
from ragchat.terminal.stream import show
from ragchat.terminal.views.failure import failure
from ragchat.terminal.views.quantities import counted, money
from ragchat.terminal.window import ERASE

if TYPE_CHECKING:
    from collections.abc import Generator

    from ragchat.conversation.batch import Outcome
    from ragchat.core.answer import Answer
    from ragchat.pipeline.events import Event
    from ragchat.terminal.console import Terminal


@dataclass(slots=True)
class Tally:
    """How far a batch is; `cost` adds up what is known, `unknown_costs` counts answers without a price."""

    total: int
    told: int = 0
    failed: int = 0
    cost: Decimal = Decimal(0)
    unknown_costs: int = 0

    def count(self, outcome: Outcome, *, failed: bool) -> None:
        """One more is told."""
        self.told += 1
        self.failed += failed
        if outcome.answer:
            cost = outcome.answer.completion.usage.cost
            self.cost += cost or 0
            self.unknown_costs += cost is None

    def line(self) -> str:
        """`12 of 200 · 1 failed · $0.0012`."""
        failed = f"{self.failed:,} failed" if self.failed else ""
        unknown = f"cost of {counted(self.unknown_costs, 'answer')} unknown" if self.unknown_costs else ""
        cost = "" if unknown and not self.cost else money(self.cost)
        return " · ".join(filter(None, (f"{self.told:,} of {self.total:,}", failed, cost, unknown)))


class TallyLine:
    """The tally on the last line of stderr, where a person looks at it; it leaves no trace."""

    def __init__(self, terminal: Terminal) -> None:
        self._err = terminal.err
        self._seen = terminal.err.is_terminal and not terminal.err.is_dumb_terminal
        self._shown = False

    def show(self, tally: Tally) -> None:
        """Show it in place of what was shown before."""
        self.clear()
        if self._seen:
            self._err.print(Text(crop(tally.line(), self._err.width - 1), style="state"), end="")
            self._shown = True

    def clear(self) -> None:
        """Make room for something else; a second time is harmless."""
        if self._shown:
            self._err.control(ERASE)
            self._shown = False


def tell(outcome: Outcome, terminal: Terminal) -> None:
    """The question, and below it the answer with its sources, or why there is none."""
    terminal.out.print(Text(f"> {visible_line(outcome.question.text)}", style="prompt"))
    if outcome.answer:
        show(_again(outcome.answer), terminal)
    elif outcome.error:
        terminal.err.print(failure(outcome.error, terminal.line_width))
    terminal.out.print()


def _again(answer: Answer) -> Generator[Event, None, None]:
    """The events of an answer that is there already."""
    yield from map(Notice, answer.notices)
    yield Delta(answer.text)
    yield Answered(answer)
