"""A conversation while it lasts."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from ragchat.core.answer import Turn
from ragchat.pipeline.events import Answered

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from ragchat.core.answer import Answer
    from ragchat.pipeline.answering import Answering
    from ragchat.pipeline.events import Event


@dataclass(frozen=True, slots=True)
class Summary:
    """What a session took; `cost` adds up what is known, `unknown_costs` counts answers without a price."""

    questions: int
    providers: tuple[str, ...]
    prompt_tokens: int
    completion_tokens: int
    cost: Decimal
    unknown_costs: int
    seconds: float


class Session:
    """Asks one question after the other and remembers the turns."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self._turns: list[Turn] = []

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The turns so far, oldest first."""
        return tuple(self._turns)

    def ask(self, question: str) -> Generator[Event, None, None]:
        """Stream the events of one question; the turn is remembered when its answer is there.

        A KeyboardInterrupt thrown in goes on to whoever is answering.
        """
        with closing(self._answering.stream(question, self.turns)) as events:
            event = next(events, None)
            while event is not None:
                if isinstance(event, Answered):
                    self._turns.append(Turn(question, event.answer, datetime.now(UTC)))
                try:
                    yield event
                    event = next(events, None)
                except KeyboardInterrupt as interrupt:
                    event = events.throw(interrupt)

    def clear(self) -> None:
        """Forget the turns: the next question starts afresh."""
        self._turns.clear()


def summarise(answers: Iterable[Answer]) -> Summary:
    """Add up what `answers` took."""
    completions = [answer.completion for answer in answers]
    usages = [completion.usage for completion in completions]
    return Summary(
        questions=len(completions),
        providers=tuple(dict.fromkeys(completion.provider for completion in completions)),
        prompt_tokens=sum(usage.prompt_tokens or 0 for usage in usages),
        completion_tokens=sum(usage.completion_tokens or 0 for usage in usages),
        cost=sum((usage.cost for usage in usages if usage.cost is not None), Decimal(0)),
        unknown_costs=sum(usage.cost is None for usage in usages),
        seconds=sum(usage.total_s for usage in usages),
    )
