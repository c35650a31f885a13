"""The sections: every setting with its type, bounds, default, environment name and description."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, field_validator

from ragchat.core.choices import EmbedderChoice
from ragchat.settings.addresses import groq_base_url, ollama_url
from ragchat.settings.declaration import Allowed, Env

GROQ_BASE_URL = "https://api.groq.com"


class SettingsSection(BaseModel):
    """Settings of one component: it receives this and never the whole."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True, validate_default=True
    )

    @field_validator("*", mode="before")
    @classmethod
    def _plain(cls, value: object) -> object:
        if isinstance(value, bool):  # TOML has booleans, and pydantic would read true as 1
            raise ValueError("no setting is true or false")
        return value.strip() if isinstance(value, str) else value


class GroqSettings(SettingsSection):
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

    _key_withheld: str | None = PrivateAttr(default=None)

    @field_validator("api_key")
    @classmethod
    def _without_quotes(cls, key: SecretStr | None) -> SecretStr | None:
        text = key.get_secret_value().strip() if key else ""
        if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
            text = text[1:-1].strip()
        return SecretStr(text) if text else None

    @field_validator("base_url")
    @classmethod
    def _normal(cls, url: str) -> str:
        return groq_base_url(url)

    @property
    def key_withheld(self) -> str | None:
        """Why a key that was found is not in `api_key`, in one sentence; nobody can set this."""
        return self._key_withheld

    def without_key(self, reason: str) -> Self:
        """The same settings with the key taken out, and `reason` in `key_withheld`."""
        keyless = self.model_copy(update={"api_key": None})
        keyless._key_withheld = reason
        return keyless


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
        Field(min_length=1, description="The Ollama model that writes; unset, the first chat model pulled."),
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


class IngestSettings(SettingsSection):
    """What is read into a collection."""

    max_file_mb: Annotated[
        float,
        Env("RAGCHAT_MAX_FILE_MB"),
        Field(gt=0, description="Files larger than this many megabytes are skipped."),
    ] = 20.0


class RetrievalSettings(SettingsSection):
    """How passages are found."""

    embedder: Annotated[
        EmbedderChoice,
        Env("RAGCHAT_EMBEDDER"),
        Field(description="What turns text into vectors; auto chooses when a collection is made."),
    ] = "auto"
    top_k: Annotated[
        int,
        Env("RAGCHAT_TOP_K"),
        Field(ge=1, le=50, description="How many passages a question is answered from."),
    ] = 8


class AnswerSettings(SettingsSection):
    """How an answer is asked for."""

    context_tokens: Annotated[
        int,
        Env("RAGCHAT_CONTEXT_TOKENS"),
        Field(ge=200, le=200000, description="The most tokens that passages and history take of a prompt."),
    ] = 3000


class PrivacySettings(SettingsSection):
    """What may leave this machine."""

    cloud: Annotated[
        Literal["allow", "ask", "never"],
        Env("RAGCHAT_CLOUD"),
        Field(
            description="Whether text may be sent to another machine; ask asks you first."
            " A .env can only make it stricter."
        ),
    ] = "ask"
