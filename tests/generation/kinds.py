"""The wires of the served models: what a test that holds for all of them must know of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragchat.generation.providers.anthropic import AnthropicGenerator
from ragchat.generation.providers.groq import GroqGenerator
from ragchat.generation.providers.openai import OpenAIGenerator
from tests.servers import anthropic, groq, openai

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from ragchat.generation.providers.served import ServedGenerator
    from tests.servers.events import EventServer


@dataclass(frozen=True, slots=True)
class Kind:
    """One wire: its client, its server, the path below the base URL, and the code of a limit that is reached."""

    client: type[ServedGenerator]
    fake: ModuleType
    server: Callable[..., EventServer]
    model: str
    path: str
    base: str = ""
    limit: str = "rate_limit_exceeded"

    @property
    def prefix(self) -> str:
        """That of the provider's settings."""
        return self.client.provider.upper()


KINDS = {
    "groq": Kind(GroqGenerator, groq, groq.GroqServer, "openai/gpt-oss-20b", "/openai/v1/chat/completions"),
    "openai": Kind(OpenAIGenerator, openai, openai.OpenAIServer, openai.MODEL, "/v1/chat/completions", base="/v1"),
    "anthropic": Kind(
        AnthropicGenerator,
        anthropic,
        anthropic.AnthropicServer,
        anthropic.MODEL,
        "/v1/messages",
        limit="rate_limit_error",
    ),
}
