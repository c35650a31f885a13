"""Servers that list their models with prices, as Groq and OpenRouter do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.servers.groq import GroqServer
from tests.servers.openai import OpenAIServer

if TYPE_CHECKING:
    from tests.servers.wire import Behaviour, Json, Wire

GPT_OSS = {
    "id": "openai/gpt-oss-20b",
    "active": True,
    "context_window": 131072,
    "max_completion_tokens": 65536,
    "pricing": {"prompt": "0.00000010", "completion": "0.00000050", "input_cache_read": "0.00000005"},
}


def listing(*models: Json) -> Behaviour:
    """A list of models."""
    return lambda wire: wire.send(200, {"object": "list", "data": list(models)})


class ListingGroq(GroqServer):
    """A Groq that answers `models` where its models are asked for; `listed` counts how often."""

    models: Behaviour = staticmethod(listing(GPT_OSS))

    def reply(self, wire: Wire) -> None:
        if wire.path == "/openai/v1/models" and wire.headers.get("Authorization") == f"Bearer {self.key}":
            self.models(wire)
        else:
            super().reply(wire)

    @property
    def listed(self) -> int:
        return sum(exchange.path == "/openai/v1/models" for exchange in self.journal)


class ListingOpenAI(OpenAIServer):
    """A server with the OpenAI wire and the models of OpenRouter."""

    models: Behaviour = staticmethod(listing(GPT_OSS))

    def reply(self, wire: Wire) -> None:
        if wire.path == "/v1/models":
            self.models(wire)
        else:
            super().reply(wire)
