"""Who may answer, as the settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat.generation.groq import GroqGenerator
from ragchat.generation.ollama import OllamaGenerator
from ragchat.generation.unconfigured import Unconfigured

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ragchat.core.protocols import Generator
    from ragchat.ollama.client import OllamaClient
    from ragchat.settings.load import Loaded
    from ragchat.settings.model import Settings
    from ragchat.settings.sections import GroqSettings


def groq_generator(groq: GroqSettings) -> GroqGenerator | Unconfigured:
    """Groq, or what says why it cannot be asked."""
    if groq.api_key is None:
        message = groq.key_withheld or "There is no Groq key."
        return Unconfigured("groq", groq.model, message, "Set GROQ_API_KEY, or put it in .env.")
    return GroqGenerator(
        api_key=groq.api_key.get_secret_value(),
        base_url=groq.base_url,
        model=groq.model,
        temperature=groq.temperature,
        max_tokens=groq.max_tokens,
        timeout_s=groq.timeout_s,
    )


def ollama_generator(client: OllamaClient, settings: Settings) -> OllamaGenerator:
    """Ollama, with the temperature and the length that are set for Groq."""
    return OllamaGenerator(
        client,
        settings.ollama.model,
        num_ctx=settings.ollama.context_tokens,
        temperature=settings.groq.temperature,
        max_tokens=settings.groq.max_tokens,
    )


def unasked(loaded: Loaded, provider: str | None) -> frozenset[str]:
    """The providers nobody set up and nobody named: that they are missing is no news."""

    def by_default(*names: str) -> bool:
        return all(loaded.origins[name].kind == "default" for name in names)

    silent = {"ollama"} if by_default("ollama.host", "ollama.model") else set()
    if loaded.settings.groq.key_withheld is None and by_default("groq.api_key"):
        silent.add("groq")
    return frozenset(silent - {provider})


def chain(generators: Iterable[Generator]) -> str:
    """Those that can be tried, in their order, as a person reads it."""
    able = [one for one in generators if not isinstance(one, Unconfigured)]
    # Each once: the extractive one is its own model.
    return " → ".join(" ".join(dict.fromkeys((one.provider, one.model))).strip() for one in able)
