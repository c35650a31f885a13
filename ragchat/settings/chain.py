"""The section about the chain: who answers, in which order, and how long it may take."""

from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator

from ragchat.core.choices import ProviderChoice
from ragchat.core.experiments import arms, rollout
from ragchat.settings.declaration import Allowed, Env
from ragchat.settings.section import SettingsSection, expanded_path


class ChainSettings(SettingsSection):
    """Who answers, in which order."""

    providers: Annotated[
        tuple[ProviderChoice, ...],
        Env("RAGCHAT_PROVIDERS"),
        Allowed(f"names with commas between them, of {', '.join(get_args(ProviderChoice))}"),
        Field(description="Who is asked, in this order; the last resort, extractive, is always there."),
    ] = ("groq", "ollama", "extractive")
    order: Annotated[
        Literal["listed", "cheapest", "fastest"],
        Env("RAGCHAT_ORDER"),
        Field(description="Whether they are asked as listed, the cheapest first, or the fastest so far first."),
    ] = "listed"
    rollout: Annotated[
        str | None,
        Env("RAGCHAT_ROLLOUT"),
        Allowed("a provider and a share of the sessions in percent, such as ollama:10"),
        Field(description="The share of the sessions in which a provider is asked before the others."),
    ] = None
    experiment: Annotated[
        str | None,
        Env("RAGCHAT_EXPERIMENT"),
        Allowed("two arms or more as provider/model@temperature, such as groq/openai/gpt-oss-120b@0.2,ollama"),
        Field(description="Arms of which each session draws one; `ragchat usage --by arm` compares them."),
    ] = None
    first_word_timeout_s: Annotated[
        float,
        Env("RAGCHAT_FIRST_WORD_TIMEOUT"),
        Field(ge=1, le=600, description="Seconds to the first word of a cloud provider, another try included."),
    ] = 45.0
    answer_timeout_s: Annotated[
        float,
        Env("RAGCHAT_ANSWER_TIMEOUT"),
        Field(ge=1, le=3600, description="Seconds after which an answer is cut, however it goes on."),
    ] = 300.0

    models: Annotated[
        str | None,
        Env("RAGCHAT_MODELS"),
        Allowed("the path of a .toml file"),
        Field(
            min_length=1,
            description="The file of your own names of models; unset, models.toml beside the config file.",
        ),
    ] = None

    @field_validator("models")
    @classmethod
    def _from_home(cls, path: str | None) -> str | None:
        return path and expanded_path(path)

    @field_validator("providers", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        names = value.split(",") if isinstance(value, str) else value
        if not isinstance(names, list | tuple):
            raise ValueError("not a list of names")
        stripped = [name.strip() for name in names if isinstance(name, str) and name.strip()]
        # Twice in line is once too many; without the last resort a question could end without an answer.
        return tuple(dict.fromkeys([*(name for name in stripped if name != "extractive"), "extractive"]))

    @field_validator("rollout")
    @classmethod
    def _a_rollout(cls, text: str | None) -> str | None:
        if text and rollout(text).provider not in get_args(ProviderChoice):
            raise ValueError("not a provider")
        return text or None

    @field_validator("experiment")
    @classmethod
    def _an_experiment(cls, text: str | None) -> str | None:
        if text and not {arm.provider for arm in arms(text)} <= set(get_args(ProviderChoice)):
            raise ValueError("not a provider")
        return text or None
