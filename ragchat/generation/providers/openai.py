"""Answers from any server with the OpenAI wire: OpenAI, vLLM, llama.cpp, LM Studio, OpenRouter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat.generation.providers.failures import OPENAI
from ragchat.generation.providers.openai_wire import decode
from ragchat.generation.providers.served import ServedGenerator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ragchat.core.completion import Prompt
    from ragchat.generation.providers.chunk import Chunk


class OpenAIGenerator(ServedGenerator):
    """Streams chat completions. `base_url` is taken as it is, `/v1` included."""

    provider = "openai"
    words = OPENAI
    path = "/chat/completions"
    optional = ("stream_options", "max_completion_tokens", "temperature")
    request_id = "x-request-id"

    def headers(self, api_key: str | None) -> Mapping[str, str]:
        """The key, if there is one."""
        return {"Authorization": f"Bearer {api_key}"} if api_key is not None else {}

    def body(self, prompt: Prompt) -> dict[str, object]:
        """Asks for counts, and for the limit by the name that the server knows."""
        body: dict[str, object] = {
            "model": self.model,
            "messages": [message.as_json for message in prompt.messages],
            "temperature": self._temperature,
            "max_completion_tokens": self.max_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if "max_completion_tokens" in self._refused:
            body["max_tokens"] = self.max_tokens  # its name before reasoning models
        return body

    def decode(self, name: bytes, data: bytes) -> Chunk:
        """As `openai_wire.decode`."""
        return decode(name, data)
