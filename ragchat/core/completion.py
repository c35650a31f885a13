"""What a generator is given, and what it streams."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Literal, TypeAlias

from ragchat.core.message import Message

if TYPE_CHECKING:
    from ragchat.core.passage import Passage
    from ragchat.core.usage import Usage

NOT_FOUND = "Your documents do not say."
"""The whole answer when the passages hold none: honest, and the same whoever writes it."""

Finish = Literal["stop", "length", "cut", "degraded"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question made ready, in parts: `messages` for a model, `passages` for whoever answers without one.

    `question` stands by itself, also where the person's own, `asked`, followed from the one before; `history` is
    what was said till then. `rendered` are the passages as a model reads them, in their order. `distant` passages
    share words with the question at most. `context_tokens` estimates what `messages` take.
    """

    question: str
    passages: tuple[Passage, ...] = ()
    _: KW_ONLY
    instructions: str = ""
    history: tuple[Message, ...] = ()
    rendered: tuple[str, ...] = ()
    asked: str = ""
    context_tokens: int = 0
    distant: bool = False

    @property
    def messages(self) -> tuple[Message, ...]:
        """The parts put together: what changes least comes first, as providers cache a prompt by its beginning."""
        body = "\n\n".join(self.rendered)
        asked = Message("user", f"Passages:\n\n{body}\n\nQuestion: {self.asked}")
        return (Message("system", self.instructions), *self.history, asked)

    def with_passages(self, count: int) -> Prompt:
        """The first `count` passages, at least one, and no history: that gives way before they do."""
        kept = max(1, count)
        if not self.history and kept >= len(self.passages):
            return self
        shorter = replace(self, history=(), rendered=self.rendered[:kept], passages=self.passages[:kept])
        share = shorter._bytes() / self._bytes()
        return replace(shorter, context_tokens=ceil(self.context_tokens * share))

    def _bytes(self) -> int:
        return sum(len(message.text.encode("utf-8", "replace")) for message in self.messages)


@dataclass(frozen=True, slots=True)
class Delta:
    """The next piece of visible text."""

    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the person should know about this answer, in one sentence."""

    text: str


@dataclass(frozen=True, slots=True)
class Shortened:
    """Only the first `passages` of the prompt's were sent. It comes before any delta; the last one holds."""

    passages: int


@dataclass(frozen=True, slots=True)
class Completion:
    """The end of a stream: all its text and what it took.

    `finish` is `stop`, `length` (the token limit was reached), `cut` (interrupted; `text` is what had
    arrived) or `degraded` (written without a model). `failure` is the kind of the failure that cut it;
    `request_id` is the provider's own name for the request.
    """

    text: str
    provider: str
    model: str
    usage: Usage
    finish: Finish
    failure: str | None = None
    request_id: str | None = None


Piece: TypeAlias = Delta | Notice | Shortened | Completion
