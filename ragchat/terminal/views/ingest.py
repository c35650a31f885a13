"""What an ingest did: one line that adds up, then every file that is not in the index and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.terminal.paths import shown_path
from ragchat.terminal.sanitise import visible_line
from ragchat.terminal.views.line import facts
from ragchat.terminal.views.quantities import counted, seconds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ragchat.index.ingest import IngestReport

_LISTED = 10


def ingested(report: IngestReport, directory: Path, width: int | None) -> Text:
    """The counts, and at most ten files of each kind that have a reason."""
    counts = facts(
        (
            f"{len(report.added)} added",
            f"{len(report.changed)} changed",
            f"{len(report.unchanged)} unchanged",
            f"{len(report.removed)} removed",
            f"{len(report.failed)} failed",
            f"{len(report.skipped)} skipped",
            counted(report.chunks, "chunk"),
            seconds(report.seconds),
        ),
        "",
        width,
    )
    reasons = (
        *_reasons("failed", "error", report.failed, directory),
        *_reasons("skipped", "notice", report.skipped, directory),
        *_reasons("warning", "notice", report.warnings, directory),
    )
    return Text("\n").join([counts, *reasons])


def _reasons(word: str, style: str, files: Sequence[tuple[str, str]], directory: Path) -> list[Text]:
    lines = [
        Text.assemble((f"{word}:", style), f" {shown_path(source, directory)}: {visible_line(reason)}")
        for source, reason in files[:_LISTED]
    ]
    if len(files) > _LISTED:
        lines.append(Text(f"{word}: … and {len(files) - _LISTED:,} more", style=style))
    return lines
