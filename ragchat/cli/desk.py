"""What a command works with: the terminal it runs in and the workspace its settings lead to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.assembly import Workspace, open_workspace
from ragchat.terminal.consent import ask_consent
from ragchat.terminal.console import Terminal, terminal_here
from ragchat.terminal.progress import IngestProgress
from ragchat.terminal.views.ingest import ingested

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ragchat.index.ingest import IngestReport


@dataclass(frozen=True, slots=True)
class Desk:
    """A terminal and a workspace; `as_json` keeps stdout for the result alone."""

    terminal: Terminal
    workspace: Workspace
    as_json: bool

    def ingest(self, paths: list[Path]) -> tuple[IngestReport, str]:
        """Ingest into the default collection, with progress."""
        with IngestProgress(self.terminal) as progress:
            return self.workspace.ingest(paths, progress.update)

    def folder(self, path: Path) -> str:
        """Bring the collection kept for `path` up to date; its name. What went wrong is told on stderr."""
        with IngestProgress(self.terminal) as progress:
            name, report = self.workspace.folder(path, progress.update)
        if report.failed or report.warnings:
            self.terminal.err.print(ingested(report, self.terminal.directory, None))
        return name

    def note(self, text: str) -> None:
        """A remark beside the result."""
        if text:
            self.terminal.err.print(Text(text, style="notice"))


def open_desk(flags: Mapping[str, object], *, as_json: bool = False) -> Desk:
    """The desk of a command called with `flags`, by the settings' dotted names; raises `SettingsError`."""
    terminal = terminal_here()
    ask = partial(ask_consent, terminal) if terminal.interactive and not as_json else None
    desk = Desk(terminal, open_workspace(flags, os.environ, Path.cwd(), ask), as_json)
    for warning in desk.workspace.warnings:
        desk.note(warning)
    return desk
