"""A generator that stands before another, and is known by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragchat.core.protocols import Generator


class Fronting:
    """What a generator says of itself is what `fronted` says."""

    def __init__(self, fronted: Generator) -> None:
        self._fronted = fronted

    @property
    def provider(self) -> str:
        """Its provider."""
        return self._fronted.provider

    @property
    def model(self) -> str:
        """Its model."""
        return self._fronted.model

    @property
    def destination(self) -> str | None:
        """Where it would send a prompt."""
        return self._fronted.destination

    @property
    def max_tokens(self) -> int:
        """The most tokens it asks for."""
        return self._fronted.max_tokens

    @property
    def context(self) -> int | None:
        """Its window."""
        return self._fronted.context
