"""What a command works with: the terminal it runs in and the workspace its settings lead to."""

from __future__ import annotations

import atexit
import os
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.assembly.workspace import Workspace, open_workspace
from ragchat.cli.doctor import examined
from ragchat.cli.quiet import QUIET
from ragchat.conversation.store import nobody_asked
from ragchat.errors import NothingIndexed, UsageError
from ragchat.index.collection import DEFAULT, Collection
from ragchat.terminal.consent import ask_consent
from ragchat.terminal.console import Terminal, terminal_here
from ragchat.terminal.links import links_for
from ragchat.terminal.loading import require_person
from ragchat.terminal.passphrase import ask_passphrase
from ragchat.terminal.progress import IngestProgress
from ragchat.terminal.theme import theme_of
from ragchat.terminal.views.ingest import ingested

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ragchat.index.ingest import IngestReport
    from ragchat.upkeep.finding import Finding


@dataclass(frozen=True, slots=True)
class Desk:
    """A terminal and a workspace."""

    terminal: Terminal
    workspace: Workspace

    def ingest(
        self,
        paths: list[Path],
        collection: str | None = None,
        encoding: str | None = None,
        *,
        prune: bool = True,
    ) -> tuple[IngestReport, str]:
        """Ingest into a collection, with progress; the report, and why a new one got its embedder."""
        library = self.workspace.library
        with IngestProgress(self.terminal) as progress:
            return library.ingest(paths, progress.update, collection or DEFAULT, encoding, prune=prune)

    def collection(self, name: str | None, docs: Path | None = None) -> Collection:
        """The collection `name`, or the one kept for `docs`, brought up to date; what failed is told on stderr.

        Raises `NothingIndexed`, and `UsageError` for an unknown name, or for both.
        """
        if docs is None:
            return self.workspace.library.collection(name or DEFAULT)
        if name is not None:
            raise UsageError("--docs and --collection name two collections.", "Leave one of them out.")
        with IngestProgress(self.terminal) as progress:
            kept, report, reason = self.workspace.library.folder(docs, progress.update)
        self.note(reason)
        if report.failed or report.warnings:
            self.terminal.err.print(ingested(report, self.terminal.directory, None))
        if not self.workspace.library.has_documents(kept):
            raise NothingIndexed(f"Nothing in {docs} can be read.", "Name another file or folder.")
        return self.workspace.library.collection(kept)

    def examine(self) -> Iterator[Finding]:
        """What the doctor finds; nothing is sent to the cloud."""
        return examined(self.terminal, {"home": self.workspace.settings.home}, None)

    def confirmed(self, question: str) -> bool:
        """Whether the person says yes; where nobody can be asked, what was typed is meant."""
        if not self.terminal.interactive:
            return True
        self.terminal.out.print(Text(f"{question} [y/N]", style="prompt"), end=" ")
        with self.terminal.keyboard.answering():
            return self.terminal.stdin.readline().strip().lower() in ("y", "yes")

    def note(self, text: str) -> None:
        """A remark beside the result; raises `NeedsPerson` behind the prompt."""
        if text:
            require_person()
            self.terminal.remarks.print(Text(text, style="notice"))


def open_desk(flags: Mapping[str, object], *, as_json: bool = False) -> Desk:
    """The desk of a command called with `flags`, by the settings' dotted names; raises `SettingsError`.

    With `as_json`, stdout is for the result alone.
    """
    terminal = terminal_here(quiet=QUIET.get())
    someone = terminal.attended or (terminal.interactive and not as_json)
    ask = partial(ask_consent, terminal) if someone else None
    passphrase = partial(ask_passphrase, terminal) if someone else nobody_asked
    workspace = open_workspace(flags, os.environ, Path.cwd(), ask, passphrase)
    atexit.register(workspace.close)
    terminal.wear(theme_of(workspace.settings.terminal.theme, os.environ))
    links = links_for(workspace.settings.terminal.links, os.environ, screen=terminal.screen)
    desk = Desk(replace(terminal, links=links), workspace)
    for warning in workspace.warnings:
        desk.note(warning)
    return desk
