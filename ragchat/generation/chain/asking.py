"""One provider and one question: what was tried, and what is left to try."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragchat.core.completion import Prompt
    from ragchat.core.protocols import Generator
    from ragchat.errors import GenerationError
    from ragchat.generation.chain.relaying import Relay
    from ragchat.generation.chain.turn import Turn


@dataclass(slots=True)
class Asking:
    """`again` is what the loop does next: seconds of waiting, its own or False.

    `conceded` of the `tries` ended with an argument given up. `first_by` is when the chain wants a first
    word, by its clock; None where a model may have to be loaded first, whose own patience then counts.
    """

    generator: Generator
    turn: Turn
    relay: Relay
    prompt: Prompt
    first_by: float | None = None
    tries: int = 0
    conceded: int = 0
    waited_s: float = 0.0
    again: float | bool = False
    error: GenerationError | None = None

    @property
    def overcoming(self) -> GenerationError | None:
        """The failure after which it is asked again."""
        return None if self.again is False else self.error
