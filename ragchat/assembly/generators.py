"""Who may answer, as the settings say."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ragchat.generation.deadlines import Deadlines
from ragchat.generation.extractive import ExtractiveGenerator
from ragchat.generation.groq import GroqGenerator
from ragchat.generation.ollama import OllamaGenerator
from ragchat.generation.openai import OpenAIGenerator
from ragchat.generation.unconfigured import Unconfigured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ragchat.core.protocols import Generator
    from ragchat.ollama.client import OllamaClient
    from ragchat.settings.load import Loaded
    from ragchat.settings.model import Settings

    Heard = Callable[[str, str, Mapping[str, str]], None]


def generator(name: str, settings: Settings, ollama: OllamaClient, heard: Heard) -> Generator:
    """The provider `name`; `heard` is told provider, model and headers of every reply."""
    if name == "groq":
        return groq_generator(settings, partial(heard, name))
    if name == "openai":
        return openai_generator(settings, partial(heard, name))
    return ollama_generator(ollama, settings) if name == "ollama" else ExtractiveGenerator()


def signature(tried: Iterable[Generator], settings: Settings) -> str:
    """What decides, beside the prompt, how an answer reads."""
    models = ",".join(f"{one.provider}/{one.model}" for one in tried if not isinstance(one, Unconfigured))
    return f"{models} at {settings.groq.temperature:g}, {settings.groq.max_tokens} tokens"


def groq_generator(settings: Settings, heard: Callable[[str, Mapping[str, str]], None]) -> Generator:
    """Groq, or what says why it cannot be asked."""
    groq = settings.groq
    if groq.api_key is None:
        message = groq.key_withheld or "There is no Groq key."
        return Unconfigured("groq", groq.model, message, "Set GROQ_API_KEY, or put it in .env.")
    return GroqGenerator(
        api_key=groq.api_key.get_secret_value(),
        base_url=groq.base_url,
        model=groq.model,
        temperature=groq.temperature,
        max_tokens=groq.max_tokens,
        deadlines=_deadlines(settings),
        heard=heard,
    )


def openai_generator(settings: Settings, heard: Callable[[str, Mapping[str, str]], None]) -> Generator:
    """A server of OpenAI's kind, with the temperature, length and patience that are set for Groq."""
    openai, groq = settings.openai, settings.groq
    if openai.model is None:
        return Unconfigured("openai", "", "OPENAI_MODEL is not set.", "Set it to the model that should answer.")
    if openai.key_withheld is not None:
        return Unconfigured("openai", openai.model, openai.key_withheld, "Set OPENAI_API_KEY beside it.")
    return OpenAIGenerator(
        api_key=openai.api_key.get_secret_value() if openai.api_key else None,
        base_url=openai.base_url,
        model=openai.model,
        temperature=groq.temperature,
        max_tokens=groq.max_tokens,
        deadlines=_deadlines(settings),
        heard=heard,
    )


def _deadlines(settings: Settings) -> Deadlines:
    return Deadlines(settings.groq.timeout_s, settings.groq.timeout_s, settings.chain.answer_timeout_s)


def ollama_generator(client: OllamaClient, settings: Settings) -> OllamaGenerator:
    """Ollama, with the temperature and the length that are set for Groq."""
    return OllamaGenerator(
        client,
        settings.ollama.model,
        num_ctx=settings.ollama.context_tokens,
        temperature=settings.groq.temperature,
        max_tokens=settings.groq.max_tokens,
        deadlines=Deadlines(settings.ollama.timeout_s, settings.ollama.timeout_s, settings.chain.answer_timeout_s),
    )


def unasked(loaded: Loaded, provider: str | None) -> frozenset[str]:
    """The providers nobody set up and nobody named: that they are missing is no news."""

    def by_default(*names: str) -> bool:
        return all(loaded.origins[name].kind == "default" for name in ("chain.providers", *names))

    silent = {"ollama"} if by_default("ollama.host", "ollama.model") else set()
    if loaded.settings.groq.key_withheld is None and by_default("groq.api_key"):
        silent.add("groq")
    return frozenset(silent - {provider})


def chain(able: Iterable[Generator]) -> str:
    """Those that can be tried, in their order, as a person reads it."""
    tried = [one for one in able if not isinstance(one, Unconfigured)]
    # Each once: the extractive one is its own model.
    return " → ".join(" ".join(dict.fromkeys((one.provider, one.model))).strip() for one in tried)
