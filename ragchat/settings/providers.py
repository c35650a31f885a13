"""The sections about who answers: each setting with type, bounds, default, environment name and description."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from ragchat.core.pricing import prices_of
from ragchat.settings.addresses import anthropic_base_url, base_url, groq_base_url, ollama_url
from ragchat.settings.declaration import Allowed, Env
from ragchat.settings.section import KeyedSection, SettingsSection, expanded_path

GROQ_BASE_URL = "https://api.groq.com"
OPENAI_BASE_URL = "https://api.openai.com/v1"
ANTHROPIC_BASE_URL = "https://api.anthropic.com"


class GroqSettings(KeyedSection):
    """The cloud provider."""

    api_key: Annotated[
        SecretStr | None,
        Env("GROQ_API_KEY"),
        Allowed("the key as text"),
        Field(description="The key of your Groq account. Without one, nothing is sent to Groq."),
    ] = None
    base_url: Annotated[
        str,
        Env("GROQ_BASE_URL"),
        Allowed(f"an http or https URL such as {GROQ_BASE_URL}, without user name or query"),
        Field(description="Where Groq is reached. Set it in the same place as the key, or no key is sent."),
    ] = GROQ_BASE_URL
    model: Annotated[
        str,
        Env("GROQ_MODEL"),
        Allowed("the name of a model"),
        Field(min_length=1, description="The Groq model that writes the answer."),
    ] = "openai/gpt-oss-20b"
    temperature: Annotated[
        float,
        Env("GROQ_TEMPERATURE"),
        Field(
            ge=0,
            le=2,
            description="How freely the model, Ollama's too, words its answer; 0 is the most predictable.",
        ),
    ] = 0.2
    max_tokens: Annotated[
        int,
        Env("GROQ_MAX_TOKENS"),
        Field(
            ge=1,
            le=65536,
            description="The most tokens of an answer, Ollama's too, reasoning included;"
            " gpt-oss on Groq gets 1,024 at least.",
        ),
    ] = 1024
    timeout_s: Annotated[
        float,
        Env("GROQ_TIMEOUT"),
        Field(ge=1, le=600, description="Seconds to wait for Groq."),
    ] = 30.0

    @field_validator("base_url")
    @classmethod
    def _normal(cls, url: str) -> str:
        return groq_base_url(url)


class OpenAISettings(KeyedSection):
    """Any server that speaks as OpenAI's does: OpenAI, OpenRouter, vLLM, llama.cpp, LM Studio."""

    api_key: Annotated[
        SecretStr | None,
        Env("OPENAI_API_KEY"),
        Allowed("the key as text"),
        Field(description="The key of the server, where it wants one."),
    ] = None
    base_url: Annotated[
        str,
        Env("OPENAI_BASE_URL"),
        Allowed(f"an http or https URL such as {OPENAI_BASE_URL}, without user name or query"),
        Field(description="Where it is reached. Set it in the same place as the key, or no key is sent."),
    ] = OPENAI_BASE_URL
    model: Annotated[
        str | None,
        Env("OPENAI_MODEL"),
        Allowed("the name of a model"),
        Field(min_length=1, description="The model that writes the answer; without one, nothing is sent."),
    ] = None

    @field_validator("base_url")
    @classmethod
    def _normal(cls, url: str) -> str:
        return base_url(url)


class AnthropicSettings(KeyedSection):
    """Anthropic, or a server that speaks as it does."""

    api_key: Annotated[
        SecretStr | None,
        Env("ANTHROPIC_API_KEY"),
        Allowed("the key as text"),
        Field(description="The key of your Anthropic account."),
    ] = None
    base_url: Annotated[
        str,
        Env("ANTHROPIC_BASE_URL"),
        Allowed(f"an http or https URL such as {ANTHROPIC_BASE_URL}, without user name or query"),
        Field(description="Where Anthropic is reached. Set it in the same place as the key, or no key is sent."),
    ] = ANTHROPIC_BASE_URL
    model: Annotated[
        str | None,
        Env("ANTHROPIC_MODEL"),
        Allowed("the name of a model"),
        Field(min_length=1, description="The Anthropic model that writes; without one, nothing is sent."),
    ] = None

    @field_validator("base_url")
    @classmethod
    def _normal(cls, url: str) -> str:
        return anthropic_base_url(url)


class GGUFSettings(SettingsSection):
    """A model in a file of this machine, read by llama.cpp inside this program."""

    model: Annotated[
        str | None,
        Env("RAGCHAT_GGUF_MODEL"),
        Allowed("the path of a .gguf file"),
        Field(min_length=1, description="The .gguf file of the model that writes; it needs ragchat[gguf]."),
    ] = None
    gpu_layers: Annotated[
        int,
        Env("RAGCHAT_GGUF_GPU_LAYERS"),
        Field(ge=-1, le=1000, description="How many of its layers the GPU takes (n_gpu_layers); -1 is all."),
    ] = 0
    context_tokens: Annotated[
        int,
        Env("RAGCHAT_GGUF_CONTEXT"),
        Field(ge=512, le=1048576, description="The context window it is opened with (n_ctx), in tokens."),
    ] = 8192

    @field_validator("model")
    @classmethod
    def _from_home(cls, path: str | None) -> str | None:
        return path and expanded_path(path)


class OllamaSettings(SettingsSection):
    """The local provider, for answers and for vectors."""

    host: Annotated[
        str,
        Env("OLLAMA_HOST"),
        Allowed("a host such as 127.0.0.1:11434, or an http or https URL without user name or query"),
        Field(description="Where Ollama is reached, in any form that Ollama itself takes."),
    ] = "http://127.0.0.1:11434"
    model: Annotated[
        str | None,
        Env("OLLAMA_MODEL"),
        Allowed("the name of a model"),
        Field(
            min_length=1,
            description="The Ollama model that writes; unset, the first in line's equivalent, else the newest.",
        ),
    ] = None
    embed_model: Annotated[
        str,
        Env("OLLAMA_EMBED_MODEL"),
        Allowed("the name of a model"),
        Field(min_length=1, description="The Ollama model that turns text into vectors."),
    ] = "mxbai-embed-large"
    timeout_s: Annotated[
        float,
        Env("RAGCHAT_OLLAMA_TIMEOUT"),
        Field(ge=1, le=3600, description="Seconds to wait for Ollama, which may have to load the model first."),
    ] = 120.0
    context_tokens: Annotated[
        int,
        Env("RAGCHAT_OLLAMA_CONTEXT"),
        Field(ge=512, le=1048576, description="The context window asked of Ollama (num_ctx), in tokens."),
    ] = 8192

    @field_validator("host")
    @classmethod
    def _normal(cls, host: str) -> str:
        return ollama_url(host)


class BudgetSettings(SettingsSection):
    """What paid providers may take; days and months are those of the local time zone."""

    daily_usd: Annotated[
        Decimal | None,
        Env("RAGCHAT_BUDGET_DAILY_USD"),
        Allowed("an amount of US dollars, from 0"),
        Field(ge=0, description="US dollars a day; a call that could cost more than is left is not made."),
    ] = None
    monthly_usd: Annotated[
        Decimal | None,
        Env("RAGCHAT_BUDGET_MONTHLY_USD"),
        Allowed("an amount of US dollars, from 0"),
        Field(ge=0, description="US dollars a month."),
    ] = None
    daily_tokens: Annotated[
        int | None,
        Env("RAGCHAT_BUDGET_DAILY_TOKENS"),
        Allowed("a whole number from 0"),
        Field(ge=0, description="Tokens a day, of prompts and answers that are not free."),
    ] = None
    monthly_tokens: Annotated[
        int | None,
        Env("RAGCHAT_BUDGET_MONTHLY_TOKENS"),
        Allowed("a whole number from 0"),
        Field(ge=0, description="Tokens a month."),
    ] = None
    prices: Annotated[
        str | None,
        Env("RAGCHAT_PRICES"),
        Allowed("provider/model=prompt/completion in US dollars a million tokens, such as openai/tiny=0.5/1.5"),
        Field(description="What models cost you, with commas between them; it goes before what is published."),
    ] = None
    daily_requests: Annotated[
        int | None,
        Env("RAGCHAT_BUDGET_DAILY_REQUESTS"),
        Allowed("a whole number from 0"),
        Field(ge=0, description="Calls a day that are not free."),
    ] = None

    @field_validator("prices")
    @classmethod
    def _some_prices(cls, text: str | None) -> str | None:
        if text:
            prices_of(text)
        return text or None
