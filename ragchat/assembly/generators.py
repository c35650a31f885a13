"""Who may answer, as the settings say."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ragchat.core.destination import destination
from ragchat.generation.extractive.generator import ExtractiveGenerator
from ragchat.generation.providers.anthropic import AnthropicGenerator
from ragchat.generation.providers.catalogue import listed_prices
from ragchat.generation.providers.deadlines import Deadlines
from ragchat.generation.providers.gguf import GGUFGenerator
from ragchat.generation.providers.groq import GroqGenerator
from ragchat.generation.providers.ollama import OllamaGenerator
from ragchat.generation.providers.openai import OpenAIGenerator
from ragchat.generation.providers.unconfigured import Unconfigured
from ragchat.privacy.consent import NEVER
from ragchat.settings.providers import ANTHROPIC_BASE_URL, OPENAI_BASE_URL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pydantic import BaseModel

    from ragchat.core.experiments import Arm
    from ragchat.core.pricing import Price
    from ragchat.core.protocols import Generator
    from ragchat.ollama.client import OllamaClient
    from ragchat.settings.load import Loaded
    from ragchat.settings.model import Settings
    from ragchat.settings.model_names import Equivalent, ModelNames

    Heard = Callable[[str, str, Mapping[str, str]], None]

# Behind an answer, or before a call that a budget waits for: nobody should notice.
_prices = partial(listed_prices, timeout_s=1.0)
_NAMED = frozenset({"groq", "ollama", "openai", "anthropic"})


def generator(name: str, settings: Settings, names: ModelNames, ollama: OllamaClient, heard: Heard) -> Generator:
    """The provider `name`; `heard` is told provider, model and headers of every reply."""
    settings = _named(settings, names)
    if name == "groq":
        return groq_generator(settings, names, partial(heard, name))
    if name == "openai":
        return openai_generator(settings, partial(heard, name))
    if name == "anthropic":
        return anthropic_generator(settings, partial(heard, name))
    if name == "gguf":
        return gguf_generator(settings)
    if name == "ollama":
        return ollama_generator(ollama, settings, preferred(name, settings, names))
    return ExtractiveGenerator()


def preferred(name: str, settings: Settings, names: ModelNames) -> Equivalent | None:
    """What the provider `name` has in place of the first model in line that has a name."""
    for provider in settings.chain.providers:
        model = getattr(getattr(settings, provider, None), "model", None)
        if provider != name and provider in _NAMED and model is not None:
            return names.at(name, provider, model)
    return None


def _named(settings: Settings, names: ModelNames) -> Settings:
    """`settings` with an equivalent where a server in line has no model; OpenAI's own has none of these."""
    update: dict[str, BaseModel] = {}
    for name, section in (("openai", settings.openai), ("anthropic", settings.anthropic)):
        found = preferred(name, settings, names)
        abroad = name != "openai" or section.base_url != OPENAI_BASE_URL
        if found is not None and abroad and section.model is None and name in settings.chain.providers:
            update[name] = section.model_copy(update={"model": found.model})
    return settings.model_copy(update=update)


def quoted(settings: Settings) -> dict[str, Callable[[], Mapping[str, Price]]]:
    """What asks a provider for its prices, by provider."""
    groq, openai = settings.groq, settings.openai
    return {
        "groq": partial(_prices, groq.base_url, groq.key, path="/openai/v1/models"),
        "openai": partial(_prices, openai.base_url, openai.key, path="/models"),
    }


def varied(settings: Settings, arm: Arm) -> Settings:
    """`settings` with the model and the temperature of an experiment's arm."""
    if arm.temperature is not None:
        groq = settings.groq.model_copy(update={"temperature": arm.temperature})
        settings = settings.model_copy(update={"groq": groq})
    if arm.model is not None:
        section: BaseModel = getattr(settings, arm.provider)
        settings = settings.model_copy(update={arm.provider: section.model_copy(update={"model": arm.model})})
    return settings


def signature(tried: Iterable[Generator], settings: Settings) -> str:
    """What decides, beside the prompt, how an answer reads; a model that is chosen late is not in it."""
    able = (one for one in tried if not isinstance(one, Unconfigured))
    named = {"ollama": settings.ollama.model}
    models = ",".join(f"{one.provider}/{named.get(one.provider, one.model)}" for one in able)
    servers = (settings.groq.base_url, settings.ollama.host, settings.openai.base_url, settings.anthropic.base_url)
    limits = (settings.groq.temperature, settings.groq.max_tokens, settings.ollama.context_tokens)
    return repr((models, servers, limits))


def chosen_model(first: Generator) -> str:
    """The model that `first` asks; empty while it is not chosen, as on another machine before consent."""
    _ = first.destination  # with that an Ollama on this machine chooses
    return first.model


def _kept_here(name: str, model: str, settings: Settings, base_url: str) -> Unconfigured | None:
    """In the place of a client, where nothing may leave this machine and the server is on another one."""
    if settings.privacy.cloud != "never" or destination(base_url) is None:
        return None
    hint = "Ask one on this machine, or allow it."
    return Unconfigured(name, model, NEVER, hint, trouble="elsewhere", cause="consent")


def groq_generator(
    settings: Settings, names: ModelNames, heard: Callable[[str, Mapping[str, str]], None]
) -> Generator:
    """Groq, or what says why it cannot be asked; what takes the place of a retired model."""
    groq = settings.groq
    model = names.current("groq", groq.model)
    if groq.key is None:
        message = groq.key_withheld or "There is no Groq key."
        trouble = "key withheld" if groq.key_withheld else "no key"
        return Unconfigured("groq", groq.model, message, "Set GROQ_API_KEY, or put it in .env.", trouble=trouble)
    return _kept_here("groq", model, settings, groq.base_url) or GroqGenerator(
        api_key=groq.key,
        base_url=groq.base_url,
        model=model,
        replaces=groq.model if model != groq.model else None,
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
    return _kept_here("openai", openai.model, settings, openai.base_url) or OpenAIGenerator(
        api_key=openai.key,
        base_url=openai.base_url,
        model=openai.model,
        temperature=groq.temperature,
        max_tokens=groq.max_tokens,
        deadlines=_deadlines(settings),
        heard=heard,
    )


def anthropic_generator(settings: Settings, heard: Callable[[str, Mapping[str, str]], None]) -> Generator:
    """Anthropic, with the temperature, length and patience that are set for Groq."""
    anthropic, groq = settings.anthropic, settings.groq
    if anthropic.model is None:
        hint = "Set it to the model that should answer."
        return Unconfigured("anthropic", "", "ANTHROPIC_MODEL is not set.", hint)
    if anthropic.key_withheld is not None:
        hint = "Set ANTHROPIC_API_KEY beside it."
        return Unconfigured("anthropic", anthropic.model, anthropic.key_withheld, hint)
    if anthropic.api_key is None and anthropic.base_url == ANTHROPIC_BASE_URL:
        hint = "Set ANTHROPIC_API_KEY, or put it in .env."
        return Unconfigured("anthropic", anthropic.model, "There is no Anthropic key.", hint, trouble="no key")
    return _kept_here("anthropic", anthropic.model, settings, anthropic.base_url) or AnthropicGenerator(
        api_key=anthropic.key,
        base_url=anthropic.base_url,
        model=anthropic.model,
        temperature=groq.temperature,
        max_tokens=groq.max_tokens,
        deadlines=_deadlines(settings),
        heard=heard,
    )


def gguf_generator(settings: Settings) -> Generator:
    """A model in a file, with the temperature and the length that are set for Groq, and Ollama's patience."""
    gguf, groq = settings.gguf, settings.groq
    if gguf.model is None:
        hint = "Set it to the .gguf file of the model that should answer."
        return Unconfigured("gguf", "", "RAGCHAT_GGUF_MODEL is not set.", hint)
    return GGUFGenerator(
        Path(gguf.model),
        gpu_layers=gguf.gpu_layers,
        n_ctx=gguf.context_tokens,
        temperature=groq.temperature,
        max_tokens=groq.max_tokens,
        deadlines=_local_deadlines(settings),
    )


def _local_deadlines(settings: Settings) -> Deadlines:
    return Deadlines(settings.ollama.timeout_s, settings.ollama.timeout_s, settings.chain.answer_timeout_s)


def _deadlines(settings: Settings) -> Deadlines:
    return Deadlines(settings.groq.timeout_s, settings.groq.timeout_s, settings.chain.answer_timeout_s)


def ollama_generator(client: OllamaClient, settings: Settings, preferred: Equivalent | None) -> OllamaGenerator:
    """Ollama, with the temperature and the length that are set for Groq."""
    return OllamaGenerator(
        client,
        settings.ollama.model,
        preferred=preferred,
        num_ctx=settings.ollama.context_tokens,
        temperature=settings.groq.temperature,
        max_tokens=settings.groq.max_tokens,
        deadlines=_local_deadlines(settings),
    )


def unasked(loaded: Loaded, provider: str | None) -> frozenset[str]:
    """The providers nobody set up and nobody named: that they are missing is no news."""

    def by_default(*names: str) -> bool:
        return all(loaded.origins[name].kind == "default" for name in ("chain.providers", *names))

    silent = {"ollama"} if by_default("ollama.host", "ollama.model") else set()
    if loaded.settings.groq.key_withheld is None and by_default("groq.api_key"):
        silent.add("groq")
    return frozenset(silent - {provider})
