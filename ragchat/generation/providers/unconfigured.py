"""A provider that has its place in the chain, but cannot be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat.errors import GenerationError

if TYPE_CHECKING:
    from collections import abc

    from ragchat.core.completion import Piece, Prompt
    from ragchat.errors import Cause


class Unconfigured:
    """Says why it cannot be asked: no key was given, or it may not be used. Sends nothing.

    `trouble` says the same in two or three words, `cause` what kind of reason it is.
    """

    destination = None
    max_tokens = 0
    context = None

    def __init__(
        self,
        provider: str,
        model: str,
        message: str,
        hint: str,
        *,
        trouble: str = "not set up",
        cause: Cause = "unconfigured",
    ) -> None:
        self.provider = provider
        self.model = model
        self.trouble = trouble
        self._cause = cause
        self._message = message
        self._hint = hint

    def stream(self, prompt: Prompt) -> abc.Generator[Piece, None, None]:  # noqa: ARG002 - the protocol's signature
        """Raise `GenerationError` with the failure `config`."""
        yield from ()  # a generator: the error comes when an answer is asked for
        raise GenerationError(self._message, self._hint, failure="config", cause=self._cause)
