"""All settings, and the list of what is declared."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from ragchat.settings.chain import ChainSettings
from ragchat.settings.declaration import Allowed, Env, Setting
from ragchat.settings.providers import (
    AnthropicSettings,
    BudgetSettings,
    GGUFSettings,
    GroqSettings,
    OllamaSettings,
    OpenAISettings,
)
from ragchat.settings.section import SettingsSection
from ragchat.settings.sections import (
    AnswerSettings,
    BatchSettings,
    ConversationSettings,
    IngestSettings,
    PrivacySettings,
    RetrievalSettings,
)
from ragchat.settings.terminal import TerminalSettings


class Settings(BaseModel):
    """Every setting; `home` is absolute."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    home: Annotated[
        Path,
        Env("RAGCHAT_HOME"),
        Allowed("the path of a folder"),
        Field(
            description="Where the index and all else is kept;"
            " default ./chroma_db if it holds .ragchat, else your data folder."
        ),
    ]
    chain: ChainSettings = ChainSettings()
    groq: GroqSettings = GroqSettings()
    ollama: OllamaSettings = OllamaSettings()
    openai: OpenAISettings = OpenAISettings()
    anthropic: AnthropicSettings = AnthropicSettings()
    gguf: GGUFSettings = GGUFSettings()
    budget: BudgetSettings = BudgetSettings()
    ingest: IngestSettings = IngestSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    answer: AnswerSettings = AnswerSettings()
    conversation: ConversationSettings = ConversationSettings()
    batch: BatchSettings = BatchSettings()
    privacy: PrivacySettings = PrivacySettings()
    terminal: TerminalSettings = TerminalSettings()


def _declared() -> Iterator[Setting]:
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, SettingsSection):
            for inner, inner_field in kind.model_fields.items():
                yield Setting.of(f"{name}.{inner}", inner_field)
        else:
            yield Setting.of(name, field)


# By dotted name, in the order of declaration.
DECLARED: Final[Mapping[str, Setting]] = MappingProxyType({setting.name: setting for setting in _declared()})
