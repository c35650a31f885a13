"""What an index is and takes, whether it is whole, and what was done to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.terminal.sanitise import visible_line
from ragchat.terminal.views.ingest import reasons
from ragchat.terminal.views.line import facts
from ragchat.terminal.views.quantities import counted, seconds, size
from ragchat.terminal.wrap import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ragchat.index.rebuild import RebuildReport
    from ragchat.index.status import Sizes, Status
    from ragchat.index.vacuum import VacuumReport
    from ragchat.index.verify import Verification


def status(found: Status, width: int | None) -> Text:
    """What it holds, how it is laid out, what it takes, and a sentence for whatever is not as it should be."""
    buried = f"{found.buried:,} buried" if found.buried else ""
    lines = [
        facts(
            (
                found.name,
                counted(found.documents, "document"),
                counted(found.chunks, "chunk"),
                visible_line(found.embedder or "no embedder yet"),
            ),
            "",
            width,
        ),
        facts((f"generation {found.generation}", counted(found.segments, "segment"), buried), "status", width),
        facts(_parts(found.sizes), "status", width),
    ]
    return Text("\n").join([*lines, *(_sentence(told, "warning", width) for told in _remarks(found))])


def verified(found: Verification, name: str, width: int | None) -> Text:
    """That it is whole; else a line for each kind of damage, and the cure."""
    if found.ok:
        return _whole(found, width)
    lines = [_sentence(line, "problem", width) for line in _damage(found)]
    cure = f"cure: Run `ragchat index repair --collection {name}`."
    return Text("\n").join([*lines, _sentence(cure, "hint", width)])


def repaired(found: Verification, width: int | None) -> Text:
    """What was missing, and that it is there again."""
    if found.ok:
        return Text("\n").join([_sentence("There was nothing to repair.", "", width), _whole(found, width)])
    lines = [_sentence(f"repaired: {line}", "", width) for line in _damage(found)]
    return Text("\n").join(lines)


def rebuilt(report: RebuildReport, embedder: str, directory: Path, width: int | None) -> Text:
    """The counts, and the documents that stay as they were."""
    parts = (
        counted(report.documents, "document"),
        counted(report.chunks, "chunk"),
        visible_line(embedder),
        seconds(report.seconds),
    )
    return Text("\n").join([facts(parts, "", width), *reasons("kept", "notice", report.kept, directory, width)])


def vacuumed(report: VacuumReport, width: int | None) -> Text:
    """`3.4 MB before · 2.9 MB now · 120 unused terms dropped`, and where it lies."""
    parts = (
        f"{size(report.before.total)} before",
        f"{size(report.after.total)} now",
        f"{counted(report.terms, 'unused term')} dropped" if report.terms else "",
        seconds(report.seconds),
    )
    return Text("\n").join([facts(parts, "", width), facts(_parts(report.after), "status", width)])


def _whole(found: Verification, width: int | None) -> Text:
    counts = (counted(found.documents, "document"), counted(found.chunks, "chunk"))
    return facts((*counts, "each found by its words and its vector"), "ok", width)


def _damage(found: Verification) -> Iterable[str]:
    yield from found.damage
    if found.missing_vectors:
        yield f"{counted(len(found.missing_vectors), 'chunk')} not found by vector"
    if found.missing_words:
        yield f"{counted(len(found.missing_words), 'chunk')} not found by words"
    if found.orphans:
        yield f"{counted(len(found.orphans), 'orphan')}, of no chunk"


def _remarks(found: Status) -> Iterable[str]:
    if found.writer:
        yield f"Being written to by {found.writer}."
    if found.is_outdated:
        yield "An older release made it; until `ragchat index rebuild` it cannot be asked."
    elif not found.is_current:
        yield "Another release split some documents; the next ingest, or `ragchat index rebuild`, makes them anew."
    if not found.is_settled and not found.writer:
        yield "A writer was stopped before it had finished; the next one finishes."


def _parts(sizes: Sizes) -> tuple[str, str, str]:
    return f"texts {size(sizes.texts)}", f"segments {size(sizes.segments)}", f"ChromaDB {size(sizes.chromadb)}"


def _sentence(text: str, style: str, width: int | None) -> Text:
    line = visible_line(text)
    return Text(wrapped(line, width) if width else line, style=style)
