"""What an ingest would do, and what the rounds of a watch did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.terminal.paths import shown_path
from ragchat.terminal.views.ingest import reasons
from ragchat.terminal.views.line import facts, fitted
from ragchat.terminal.views.quantities import seconds, size

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from ragchat.documents.walk import Found
    from ragchat.index.ingest import Plan
    from ragchat.index.watch import Round

_LISTED = 50
_ANEW = "another release made the index: every document in it is made anew first"


def planned(plan: Plan, directory: Path, width: int | None) -> Text:
    """The counts, then the files that would be read or would leave, at most fifty of each kind."""
    counts = facts(
        (
            f"{len(plan.to_add):,} to add",
            f"{len(plan.to_update):,} to read again",
            f"{len(plan.unchanged):,} unchanged",
            f"{len(plan.to_remove):,} to remove",
            f"{len(plan.skipped):,} skipped",
        ),
        "",
        width,
    )
    removed = [(source, "it is gone") for source in plan.to_remove]
    leaving = [
        (source, f"{reason}; it leaves the index") for source, reason in plan.skipped if source in plan.known
    ]
    staying = [(source, reason) for source, reason in plan.skipped if source not in plan.known]
    return Text("\n").join(
        [
            counts,
            *([fitted(Text(_ANEW, style="warning"), width)] if plan.rebuilds else []),
            *_files("add", plan.to_add, directory, width),
            *_files("read again", plan.to_update, directory, width),
            *reasons("remove", "warning", removed, directory, width, _LISTED),
            *reasons("skip", "notice", leaving, directory, width, _LISTED),
            *reasons("skip", "notice", staying, directory, width),
        ]
    )


def round_done(done: Round, at: datetime, directory: Path, width: int | None) -> Text:
    """`14:05:12 · 1 added · 2 changed · 0.31 s`, with what failed below it."""
    report = done.report
    counts = (
        (len(report.added), "added"),
        (len(report.changed), "changed"),
        (len(done.left), "removed"),
        (len(report.failed), "failed"),
    )
    line = (f"{at:%H:%M:%S}", *(f"{count:,} {word}" for count, word in counts if count), seconds(report.seconds))
    return Text("\n").join([facts(line, "", width), *reasons("failed", "error", report.failed, directory, width)])


def _files(word: str, files: tuple[Found, ...], directory: Path, width: int | None) -> list[Text]:
    lines = [
        fitted(
            Text.assemble(
                (f"{word}:", "status"), f" {shown_path(str(file.path), directory)} ", (size(file.size), "status")
            ),
            width,
        )
        for file in files[:_LISTED]
    ]
    if len(files) > _LISTED:
        lines.append(Text(f"{word}: … and {len(files) - _LISTED:,} more", style="status"))
    return lines
