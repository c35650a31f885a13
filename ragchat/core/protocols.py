"""The protocols that carry all variety."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections import abc
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ragchat.core.completion import Piece, Prompt


class Embedder(Protocol):
    """Turns text into unit vectors of one fixed width."""

    @property
    def fingerprint(self) -> str:
        """Names the model, its version and its prefixes: vectors of two fingerprints never mix."""

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """`(len(texts), width)`; raises `EmbedderError`."""

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """`(width,)`; raises `EmbedderError`."""


class Generator(Protocol):
    """Writes an answer to a prompt."""

    @property
    def provider(self) -> str:
        """The provider's everyday name: `groq`, `ollama`, `extractive`."""

    @property
    def model(self) -> str:
        """The model's name as the provider knows it."""

    @property
    def destination(self) -> str | None:
        """The host the prompt is sent to when that is another machine; None when it stays on this one."""

    @property
    def max_tokens(self) -> int:
        """The most tokens it asks for in an answer."""

    @property
    def context(self) -> int | None:
        """The tokens that prompt and answer may have together; None when that is not known."""

    def stream(self, prompt: Prompt) -> abc.Generator[Piece, None, None]:
        """Deltas and notices, then exactly one completion; raises `GenerationError` before the first delta.

        `Shortened`, before the first delta, says that fewer passages were read than the prompt holds.

        A failure after it ends the stream with a completion whose finish is `cut`. A KeyboardInterrupt
        thrown in does the same.
        """


@runtime_checkable
class Reachable(Protocol):
    """A generator that knows at once whether anybody is there to be asked."""

    def reachable(self) -> bool:
        """False when nothing runs at its address on this machine; true where only asking would tell."""


@runtime_checkable
class Versatile(Protocol):
    """A generator that knows what to ask instead of a model that is gone."""

    def another_model(self) -> str | None:
        """Change to a model that should be there, for as long as this lasts; its name, None when none is known."""


@runtime_checkable
class Roomy(Protocol):
    """A generator that can be given more room for its answers."""

    def roomier(self) -> bool:
        """Ask for twice as many tokens in an answer from now on; False where that is not possible."""
