"""One question on its way down the chain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

from ragchat.core.choices import provider_name
from ragchat.core.completion import Notice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ragchat.core.completion import Piece, Prompt
    from ragchat.core.protocols import Generator
    from ragchat.errors import GenerationError


@dataclass(slots=True)
class Turn:
    """`untold` are failures the person has not heard of, `arm` names the experiment the question is part of.

    `read` is the prompt as it was fitted to who answered last.
    """

    prompt: Prompt
    arm: str | None = None
    id: str = field(default_factory=lambda: uuid4().hex)
    attempts: int = 0
    read: Prompt | None = None
    failures: list[tuple[Generator, GenerationError]] = field(default_factory=list)
    untold: list[tuple[Generator, GenerationError]] = field(default_factory=list)
    _overheard: list[Notice] = field(default_factory=list)

    def before(self, generator: Generator) -> str | None:
        """The provider that failed last, when it is another one."""
        last = self.failures[-1][0].provider if self.failures else None
        return last if last != generator.provider else None

    def overhear(self, pieces: Iterable[Piece]) -> None:
        """Keep the notices among `pieces` for when something can be said."""
        self._overheard += [piece for piece in pieces if isinstance(piece, Notice)]

    def overheard(self) -> Iterator[Notice]:
        """What was kept, each once."""
        while self._overheard:
            yield self._overheard.pop(0)

    def news(self, answering: str) -> Iterator[Notice]:
        """Why others did not answer, and `answering` does."""
        while self.untold:
            generator, error = self.untold.pop(0)
            yield Notice(f"{said(generator, error)}; {answering} answers instead.")


def said(generator: Generator, error: GenerationError) -> str:
    """What happened, under the provider's name; a message that holds the name stands alone."""
    message = error.message.rstrip(".")
    if generator.provider in message.lower():
        return message
    return f"{provider_name(generator.provider)}: {message[:1].lower()}{message[1:]}"
