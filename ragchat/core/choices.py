"""What a person may name: who answers, what makes vectors, and what encrypts conversations."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

ProviderChoice: TypeAlias = Literal["groq", "ollama", "openai", "anthropic", "gguf", "extractive"]

SERVED: Final[tuple[ProviderChoice, ...]] = ("groq", "ollama", "openai", "anthropic")
"""Those whose model is a name that can be changed."""

PROVIDERS: Final[tuple[ProviderChoice, ...]] = get_args(ProviderChoice)

_WRITTEN = {"openai": "OpenAI", "gguf": "GGUF"}


def provider_name(provider: str) -> str:
    """`provider` as it is written at the beginning of a sentence."""
    return _WRITTEN.get(provider, provider.capitalize())


EmbedderChoice: TypeAlias = Literal["auto", "bundled", "minilm", "ollama"]

EncryptionChoice: TypeAlias = Literal["off", "file", "passphrase"]
"""From the laxest to the strictest."""

ThemeChoice: TypeAlias = Literal["auto", "light", "dark", "mono"]
