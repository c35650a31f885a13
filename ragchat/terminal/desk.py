"""What a conversation's commands work with, as they see it: whoever starts the conversation provides it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ragchat.conversation.session import Session
    from ragchat.conversation.store import Conversations
    from ragchat.generation.chain.links import Link
    from ragchat.index.ingest import IngestReport
    from ragchat.settings.describe import Row
    from ragchat.settings.model import Settings
    from ragchat.terminal.console import Terminal
    from ragchat.upkeep.finding import Finding
    from ragchat.usage.budgets import Remaining
    from ragchat.usage.report import Grouping, UsageReport


class Workspace(Protocol):
    """Everything that knows the concrete classes."""

    @property
    def settings(self) -> Settings:
        """As they are now."""

    @property
    def conversations(self) -> Conversations:
        """The stored sessions; raises `StorageError` and `UsageError`."""

    def change(self, changes: Mapping[str, object]) -> None:
        """Let settings, by their dotted names, be others from now on; raises `SettingsError`."""

    def hand_over(self, session: Session, provider: str | None) -> None:
        """Let `session` go on with the settings as they are now, answered by `provider` alone if one is named."""

    def described(self) -> tuple[Row, ...]:
        """Every setting with its value and where it came from."""

    def chain(self, provider: str | None) -> tuple[Link, ...]:
        """The providers in their order, as they stand now."""

    def models(self, provider: str | None) -> tuple[str, ...]:
        """What whoever answers could be asked for, as far as that is known on this machine."""

    def budgets_left(self) -> tuple[Remaining, ...]:
        """What remains of each budget that is set; raises `StorageError`."""

    def usage(self, by: Grouping) -> UsageReport:
        """What all attempts took; raises `StorageError`."""


class Desk(Protocol):
    """A workspace, and the terminal in which a person is told of it."""

    @property
    def terminal(self) -> Terminal:
        """As its settings have it."""

    @property
    def workspace(self) -> Workspace:
        """What it works with."""

    def ingest(self, paths: list[Path], collection: str) -> tuple[IngestReport, str]:
        """Ingest into a collection, with progress; the report, and why a new one got its embedder."""

    def examine(self) -> Iterator[Finding]:
        """What the doctor finds."""

    def confirmed(self, question: str) -> bool:
        """Whether the person says yes."""

    def note(self, text: str) -> None:
        """Say something beside a result."""
