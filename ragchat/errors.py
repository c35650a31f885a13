"""The tree of errors.

    RagchatError
    ├── UsageError            the command cannot mean what was typed
    │   └── EmbedderMismatch  the collection was made by another embedder
    ├── NothingIndexed        there is no document to ask
    ├── NoHits                a search found nothing
    ├── SettingsError         a setting has a value it cannot have
    ├── DocumentError         one file cannot be read; the others can
    ├── EmbedderError         texts cannot be turned into vectors
    ├── IndexBusy             another process is writing to the collection
    ├── IndexDamaged          the stored index cannot be opened
    ├── IndexOutdated         an older release made the index
    ├── StorageError          a file of ours cannot be opened or written
    ├── OllamaError           the Ollama server cannot be reached, or refuses
    ├── GenerationError       a provider did not answer
    └── Interrupted           Ctrl-C

Each carries a sentence that says what happened, a hint that says what to do, a stable `kind` for
programs and the exit status of the process it ends.
"""

from __future__ import annotations

from typing import ClassVar, Literal


class RagchatError(Exception):
    """The base: something a person can be told in one sentence."""

    kind: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(RagchatError):
    """The command cannot mean what was typed."""

    kind = "usage"
    exit_status = 2


class EmbedderMismatch(UsageError):
    """The collection holds vectors of another embedder."""

    kind = "embedder_mismatch"


class NothingIndexed(RagchatError):
    """There is no document to ask."""

    kind = "nothing_indexed"
    exit_status = 3

    def __init__(
        self,
        message: str = "Nothing is indexed yet.",
        hint: str = "Ingest some documents first: ragchat ingest PATH",
    ) -> None:
        super().__init__(message, hint)


class NoHits(RagchatError):
    """A search found nothing."""

    kind = "no_hits"
    exit_status = 4


class SettingsError(RagchatError):
    """A setting has a value it cannot have."""

    kind = "settings"
    exit_status = 7


class DocumentError(RagchatError):
    """One file cannot be read; the others can."""

    kind = "document"


class EmbedderError(RagchatError):
    """Texts cannot be turned into vectors."""

    kind = "embedder"


class IndexBusy(RagchatError):
    """Another process is writing to the collection."""

    kind = "index_busy"


class IndexDamaged(RagchatError):
    """The stored index cannot be opened."""

    kind = "index_damaged"


class IndexOutdated(RagchatError):
    """An older release made the index, in a way that this one cannot search."""

    kind = "index_outdated"


class StorageError(RagchatError):
    """A file of ours cannot be opened or written."""

    kind = "storage"


FailureKind = Literal[
    "config",
    "key",
    "limit",
    "breaker",
    "budget",
    "too_large",
    "network",
    "timeout",
    "model",
    "garbage",
    "server",
    "other",
]
"""`breaker` and `budget` are refusals of ours: nothing was sent."""


Cause = Literal[
    # The connection: `ragchat.resilience.faults`.
    "dns",
    "refused",
    "tls",
    "proxy",
    "connect_timeout",
    "read_timeout",
    "unreachable",
    "disconnected",
    "unlocated",
    # A reply that came too late, or not as it should.
    "deadline_first",
    "deadline_between",
    "deadline_whole",
    "stream_error",
    "no_finish",
    "no_chunks",
    "malformed",
    "no_text",
    "used_up",
    "argument",
    # The settings, and a model in a file.
    "unconfigured",
    "malformed_key",
    "no_file",
    "not_installed",
    "not_loadable",
    "not_a_model",
    "context_length_exceeded",
    "model_failed",
    # Nothing was sent.
    "off",
    "consent",
    "budget",
    "breaker",
    "cool_down",
    "limit_seen",
]
"""What we found out ourselves; `argument` was refused by a server, and is left out from now on."""


class OllamaError(RagchatError):
    """The Ollama server cannot be reached, or refuses; `failure` says which."""

    kind = "ollama"

    def __init__(
        self, message: str, hint: str = "", *, failure: FailureKind, http_status: int | None = None
    ) -> None:
        super().__init__(message, hint)
        self.failure = failure
        self.http_status = http_status


class GenerationError(RagchatError):
    """A provider did not answer.

    `failure` tells the classes apart that need different cures, `cause` what in them is decided by. `code` is the
    server's own word, which nothing of ours can be mistaken for; so is `retry_after_s`, or what is left of it.
    `request_id` is its name for the request.
    """

    kind = "provider"
    exit_status = 5

    def __init__(  # noqa: PLR0913 - each is a fact of its own
        self,
        message: str,
        hint: str = "",
        *,
        failure: FailureKind,
        http_status: int | None = None,
        cause: Cause | None = None,
        code: str | None = None,
        retry_after_s: float | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, hint)
        self.failure = failure
        self.http_status = http_status
        self.cause = cause
        self.code = code
        self.retry_after_s = retry_after_s
        self.request_id = request_id

    @property
    def label(self) -> str | None:
        """What the ledger calls it: our `cause`, else the server's `code`."""
        return self.cause or self.code


class Interrupted(RagchatError):
    """Ctrl-C."""

    kind = "interrupted"
    exit_status = 130
