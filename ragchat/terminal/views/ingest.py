"""What an ingest did: one line that adds up, then the files that are not in the index, or are there twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.terminal.paths import shown_path
from ragchat.terminal.sanitise import visible_line
from ragchat.terminal.views.line import facts, fitted
from ragchat.terminal.views.quantities import counted, seconds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ragchat.index.ingest import IngestReport

_LISTED = 10
_COPIES_LISTED = 3


def ingested(report: IngestReport, directory: Path, width: int | None) -> Text:
    """The counts, at most ten files of each kind that have a reason, and a few of those that are like others."""
    counts = facts(
        (
            f"{len(report.added)} added",
            f"{len(report.changed)} changed",
            f"{len(report.unchanged)} unchanged",
            f"{len(report.removed)} removed",
            f"{len(report.failed)} failed",
            f"{len(report.skipped)} skipped",
            counted(report.chunks, "chunk"),
            f"{report.reused:,} embedded before" if report.reused else "",
            seconds(report.seconds),
        ),
        "",
        width,
    )
    told = (
        *reasons("failed", "error", report.failed, directory, width),
        *reasons("skipped", "notice", report.skipped, directory, width),
        *reasons("warning", "notice", report.warnings, directory, width),
        *_copies(report, directory, width),
        *(fitted(Text(visible_line(notice), style="notice"), width) for notice in report.notices),
    )
    return Text("\n").join([counts, *told])


def reasons(
    word: str,
    style: str,
    files: Sequence[tuple[str, str]],
    directory: Path,
    width: int | None,
    most: int = _LISTED,
) -> list[Text]:
    """`failed: notes.pdf: It holds no text.` for the first `most` files, and how many more there are."""
    lines = [
        fitted(
            Text.assemble((f"{word}:", style), f" {shown_path(source, directory)}: {visible_line(reason)}"), width
        )
        for source, reason in files[:most]
    ]
    if len(files) > most:
        lines.append(Text(f"{word}: … and {len(files) - most:,} more", style=style))
    return lines


def _copies(report: IngestReport, directory: Path, width: int | None) -> list[Text]:
    pairs = [
        *((source, "says the same as", other) for source, other in report.duplicates),
        *((source, "says nearly the same as", other) for source, other, _ in report.similar),
    ]
    lines = [
        fitted(
            Text.assemble(
                ("twice:", "notice"), f" {shown_path(source, directory)} {says} {shown_path(other, directory)}"
            ),
            width,
        )
        for source, says, other in pairs[:_COPIES_LISTED]
    ]
    if len(pairs) > _COPIES_LISTED:
        lines.append(Text(f"twice: … and {len(pairs) - _COPIES_LISTED:,} more", style="notice"))
    return lines
