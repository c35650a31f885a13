"""What a generator is given, and what it streams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from ragchat.core.message import Message
    from ragchat.core.passage import Passage
    from ragchat.core.usage import Usage

NOT_FOUND = "Your documents do not say."
"""The whole answer when the passages hold none: honest, and the same whoever writes it."""

Finish = Literal["stop", "length", "cut", "degraded"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question made ready: `messages` for a model, `passages` for whoever answers without one.

    `question` stands by itself, also where the person's own, in `messages`, followed from the one before.
    `distant` passages share words with it at most. `context_tokens` estimates what `messages` take, so that a
    window can be sized for them.
    """

    question: str
    messages: tuple[Message, ...]
    passages: tuple[Passage, ...]
    context_tokens: int
    distant: bool = False


@dataclass(frozen=True, slots=True)
class Delta:
    """The next piece of visible text."""

    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the person should know about this answer, in one sentence."""

    text: str


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


Piece: TypeAlias = Delta | Notice | Completion
