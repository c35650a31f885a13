"""Answers from Anthropic, or any server with its wire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ragchat.generation.providers.anthropic_wire import decode, limits
from ragchat.generation.providers.failures import ANTHROPIC
from ragchat.generation.providers.served import ServedGenerator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ragchat.core.completion import Prompt
    from ragchat.generation.providers.chunk import Chunk

_WARMEST = 1.0


class AnthropicGenerator(ServedGenerator):
    """Streams messages. `base_url` ends without `/v1`."""

    provider = "anthropic"
    words = ANTHROPIC
    path = "/v1/messages"
    optional = ("temperature",)
    request_id = "request-id"

    def headers(self, api_key: str | None) -> Mapping[str, str]:
        """The version of the wire, which is required, and the key, if there is one."""
        version = {"anthropic-version": "2023-06-01"}
        return version if api_key is None else {**version, "x-api-key": api_key}

    def body(self, prompt: Prompt) -> dict[str, object]:
        """The instructions stand beside the messages, and the temperature ends at 1, half as far as elsewhere."""
        messages = [message for message in prompt.messages if message.role != "system"]
        body: dict[str, object] = {
            "model": self.model,
            "messages": [message.as_json for message in messages],
            "temperature": min(self._temperature, _WARMEST),
            "max_tokens": self.max_tokens,
            "stream": True,
        }
        if prompt.instructions:  # an empty text is refused
            body["system"] = prompt.instructions
        return body

    def decode(self, name: bytes, data: bytes) -> Chunk:
        """As `anthropic_wire.decode`."""
        return decode(name, data)

    def limits(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        """As `anthropic_wire.limits`."""
        return limits(headers, datetime.now(UTC))
