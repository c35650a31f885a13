"""What a generator is given, and what it streams."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Literal, TypeAlias

from ragchat.core.message import Message

if TYPE_CHECKING:
    from decimal import Decimal

    from ragchat.core.passage import Passage
    from ragchat.core.usage import Usage

NOT_FOUND = "Your documents do not say."
"""The whole answer when the passages hold none: honest, and the same whoever writes it."""

Finish = Literal["stop", "length", "cut", "degraded"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question made ready, in parts: `messages` for a model, `passages` for whoever answers without one.

    `question` stands by itself, also where the person's own, `asked`, followed from the one before; `history` is
    what was said till then, and `earlier`, in short, what was said before that. `rendered` are the passages as a
    model reads them, in their order. `distant` passages share words with the question at most. A `task` is set in
    place of passages and question. `context_tokens` estimates what `messages` take. `first_s` are the seconds this
    prompt may wait for its first text, where that is less than the generator's own patience.
    """

    question: str
    passages: tuple[Passage, ...] = ()
    _: KW_ONLY
    instructions: str = ""
    history: tuple[Message, ...] = ()
    earlier: str = ""
    rendered: tuple[str, ...] = ()
    asked: str = ""
    task: str = ""
    context_tokens: int = 0
    distant: bool = False
    first_s: float | None = None

    @property
    def messages(self) -> tuple[Message, ...]:
        """The parts put together: what changes least comes first, as providers cache a prompt by its beginning."""
        return (Message("system", self.instructions), *self.history, Message("user", self.task or self._asking()))

    def _asking(self) -> str:
        earlier = f"{self.earlier}\n\n" if self.earlier else ""
        body = "\n\n".join(self.rendered)
        return f"{earlier}Passages:\n\n{body}\n\nQuestion: {self.asked}"

    def counted(self, context_tokens: int) -> Prompt:
        """The same prompt, of so many tokens."""
        return replace(self, context_tokens=context_tokens)

    def with_passages(self, count: int) -> Prompt:
        """The first `count` passages, at least one, and nothing of what was said: that gives way before."""
        kept = max(1, count)
        if not (self.history or self.earlier) and kept >= len(self.passages):
            return self
        shorter = replace(
            self, history=(), earlier="", rendered=self.rendered[:kept], passages=self.passages[:kept]
        )
        share = shorter._bytes() / self._bytes()
        return replace(shorter, context_tokens=ceil(self.context_tokens * share))

    def _bytes(self) -> int:
        return sum(len(message.text.encode("utf-8", "replace")) for message in self.messages)


@dataclass(frozen=True, slots=True)
class Delta:
    """The next piece of visible text; `verbatim` is quoted as it stands: no Markdown."""

    text: str
    _: KW_ONLY
    verbatim: bool = False


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
    `request_id` is the provider's own name for the request. `truncated`: the model read a part of the prompt only.
    `cached`: it was answered before and is shown again; `saved_cost` is what it had cost then, in US dollars, None
    when that is not known.
    """

    text: str
    provider: str
    model: str
    usage: Usage
    finish: Finish
    failure: str | None = None
    request_id: str | None = None
    truncated: bool = False
    cached: bool = False
    saved_cost: Decimal | None = None


Piece: TypeAlias = Delta | Notice | Shortened | Completion
