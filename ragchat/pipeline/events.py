"""What happens while a question is answered, in order: Retrieved, then Deltas and Notices, then Answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from ragchat.core.completion import Delta, Notice

if TYPE_CHECKING:
    from ragchat.core.answer import Answer
    from ragchat.core.passage import Passage


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The passages were found, in `seconds`."""

    passages: tuple[Passage, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Answered:
    """The end: the deltas before it, joined, are `answer.text`."""

    answer: Answer


Event: TypeAlias = Retrieved | Delta | Notice | Answered
