"""What has arrived of one answer, and when: the parts every provider's stream shares."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ragchat.core.completion import Completion, Delta, Notice
from ragchat.core.usage import Usage
from ragchat.errors import GenerationError
from ragchat.language.tokens import estimate_tokens

if TYPE_CHECKING:
    from collections import abc
    from collections.abc import Callable

    from ragchat.core.completion import Finish, Piece, Prompt
    from ragchat.core.protocols import Generator


class Transcript:
    """Collects the visible text of one attempt; times count from the moment it is made."""

    def __init__(self, prompt: Prompt, clock: Callable[[], float]) -> None:
        self._prompt = prompt
        self._clock = clock
        self._started = clock()
        self._first_token_s: float | None = None
        self._parts: list[str] = []

    @property
    def text(self) -> str:
        """Everything so far."""
        return "".join(self._parts)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the attempt began."""
        return self._clock() - self._started

    def add(self, text: str) -> Delta:
        """The next piece."""
        self.note(text)
        return Delta(text)

    def note(self, text: str) -> None:
        """The same of a piece that is there already."""
        if self._first_token_s is None and text.strip():
            self._first_token_s = self.elapsed_s
        self._parts.append(text)

    def timed(self, usage: Usage) -> Usage:
        """`usage` with the times seen from here."""
        return replace(usage, first_token_s=self._first_token_s, total_s=self.elapsed_s)

    def estimated(self) -> Usage:
        """What was taken so far, when nobody counted."""
        return self.timed(
            Usage(
                prompt_tokens=self._prompt.context_tokens,
                completion_tokens=estimate_tokens(self.text),
                source="estimate",
            )
        )

    def completion(
        self,
        provider: str,
        model: str,
        *,
        finish: Finish,
        usage: Usage | None = None,
        failure: str | None = None,
        request_id: str | None = None,
        truncated: bool = False,
    ) -> Completion:
        """The end of the stream; tokens are estimated when `usage` is None or says nothing."""
        known = usage is not None and usage.source != "none"
        measured = self.timed(usage) if known and usage is not None else self.estimated()
        return Completion(self.text, provider, model, measured, finish, failure, request_id, truncated)


def kept(
    pieces: abc.Generator[Piece, None, None], transcript: Transcript, generator: Generator
) -> abc.Generator[Piece, None, None]:
    """`pieces`, where a failure or Ctrl-C after the first visible text cuts the answer and keeps the text."""
    try:
        yield from pieces
    except KeyboardInterrupt:
        if not transcript.text.strip():
            raise
        yield transcript.completion(generator.provider, generator.model, finish="cut")
    except GenerationError as error:
        if not transcript.text.strip():
            raise
        yield Notice(f"{error.message.rstrip('.')}; the answer is incomplete.")
        yield transcript.completion(
            generator.provider,
            generator.model,
            finish="cut",
            failure=error.failure,
            request_id=error.request_id,
        )
