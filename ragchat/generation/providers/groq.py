"""Answers from Groq."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat.generation.providers import groq_wire
from ragchat.generation.providers.failures import GROQ, malformed_key, of_error
from ragchat.generation.providers.groq_models import CURRENT, REASONING_ROOM, context, longest, reasoning
from ragchat.generation.providers.served import ServedGenerator

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    import httpx

    from ragchat.core.completion import Prompt
    from ragchat.errors import GenerationError
    from ragchat.generation.providers.chunk import Chunk
    from ragchat.generation.providers.line import Line


class GroqGenerator(ServedGenerator):
    """Streams chat completions.

    `base_url` ends without `/openai/v1`: the client adds it.
    """

    provider = "groq"
    words = GROQ
    request_id = "x-request-id"

    def another_model(self) -> str | None:
        """As `Versatile.another_model`."""
        self._refused.add(self.model)
        other = next((model for model in CURRENT if model not in self._refused), None)
        if other is not None:
            self._become(other)
        return other

    def body(self, prompt: Prompt) -> dict[str, object]:
        """Asks a reasoning model to be brief and silent."""
        return {
            "model": self.model,
            "messages": [message.as_json for message in prompt.messages],
            "temperature": self._temperature,
            "max_completion_tokens": self.max_tokens,
            "stream": True,
            **reasoning(self.model),
        }

    def decode(self, name: bytes, data: bytes) -> Chunk:
        """As `groq_wire.decode`."""
        return groq_wire.decode(name, data)

    def open_line(self) -> Line:
        """Opens the SDK as well."""
        from ragchat.generation.providers.groq_sdk import asked  # noqa: PLC0415 - 190 ms, for a question

        self._ask = asked
        return super().open_line()

    def request(self, client: httpx.Client, body: Mapping[str, object]) -> AbstractContextManager[httpx.Response]:
        """As the SDK asks, whose error a refusal is."""
        key = self._api_key or ""
        return self._ask(client, body, api_key=key, base_url=self._base_url, refused=self._refused_by_sdk)

    def _refused_by_sdk(self, error: BaseException, headers: Mapping[str, str] | None) -> GenerationError:
        self._tell(headers)
        return of_error(error, self._asked)

    def _become(self, model: str) -> None:
        self.model = model
        self.context = context(self.model)
        self.longest = longest(self.model)
        if reasoning(self.model):
            self.max_tokens = max(self.max_tokens, REASONING_ROOM)


def check_key(key: str) -> None:
    """Raise `GenerationError` when `key` cannot be sent: the SDK would call that a connection error."""
    problem = malformed_key(key, GROQ)
    if problem is not None:
        raise problem
