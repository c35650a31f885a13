"""The other sections, in the same form."""

from typing import Annotated, Literal

from pydantic import Field

from ragchat.core.choices import EmbedderChoice, EncryptionChoice
from ragchat.settings.declaration import Allowed, Env
from ragchat.settings.section import SettingsSection


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
    cache: Annotated[
        bool,
        Env("RAGCHAT_ANSWER_CACHE"),
        Allowed("true or false"),
        Field(description="Whether the same question from the same passages is answered from memory."),
    ] = True


class ConversationSettings(SettingsSection):
    """How conversations are kept."""

    storage: Annotated[
        Literal["keep", "off"],
        Env("RAGCHAT_CONVERSATIONS"),
        Field(description="Whether conversations are kept, to be gone on with later."),
    ] = "keep"
    encryption: Annotated[
        EncryptionChoice,
        Env("RAGCHAT_ENCRYPTION"),
        Field(
            description="What encrypts them: a key in a file beside them, or a passphrase of yours."
            " A .env can only make it stricter."
        ),
    ] = "off"


class BatchSettings(SettingsSection):
    """How many questions are asked in one go."""

    requests_per_minute: Annotated[
        int | None,
        Env("RAGCHAT_REQUESTS_PER_MINUTE"),
        Allowed("a whole number from 1 to 6000"),
        Field(ge=1, le=6000, description="The most requests a minute to one provider in `ask --questions`."),
    ] = None


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
