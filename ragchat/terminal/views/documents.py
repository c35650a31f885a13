"""The documents of a collection: as a table where it fits, else in two lines each."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from ragchat.terminal.cells import cells, crop
from ragchat.terminal.links import FILE_LINKS
from ragchat.terminal.paths import location
from ragchat.terminal.sanitise import visible_line
from ragchat.terminal.views.block import INDENT, indented
from ragchat.terminal.views.line import facts, filled
from ragchat.terminal.views.quantities import counted, size

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ragchat.core.document import Chunk
    from ragchat.index.manifest import DocumentRecord
    from ragchat.terminal.links import Links

_GAP = "  "
_NARROWEST_TITLE = 12


class _Cells(NamedTuple):
    source: Text
    title: str
    chunks: str
    size: str
    at: str


def documents(
    rows: Iterable[DocumentRecord], directory: Path, width: int | None, *, links: Links = FILE_LINKS
) -> Text:
    """Source, title, chunks, size and time of each document; the source is never cropped."""
    table = [_cells(row, directory, links) for row in rows]
    if not table:
        return Text()
    source, title, *numbers = (max(cells(str(cell)) for cell in column) for column in zip(*table, strict=True))
    fixed = source + sum(numbers) + len(_GAP) * len(numbers)
    if width is not None and fixed > width:
        return Text("\n").join(_stacked(row, width) for row in table)
    room = title if width is None else width - fixed - len(_GAP)
    title = min(title, room) if room >= min(title, _NARROWEST_TITLE) else 0
    return Text("\n").join(_aligned(row, source, title, numbers) for row in table)


def document(
    row: DocumentRecord,
    chunks: Sequence[Chunk],
    directory: Path,
    width: int | None,
    *,
    links: Links = FILE_LINKS,
) -> Text:
    """One document and every chunk of it, with its place and heading."""
    source, *about = _cells(row, directory, links)
    head = Text.assemble(source, "\n", facts(map(str, about), "status", width))
    return Text("\n\n").join([head, *(_chunk(chunk, directory, width, links) for chunk in chunks)])


def _cells(row: DocumentRecord, directory: Path, links: Links) -> _Cells:
    return _Cells(
        location(row.source, None, directory, links),
        visible_line(row.title),
        counted(row.chunks, "chunk"),
        size(row.bytes),
        f"{datetime.fromisoformat(row.ingested_at).astimezone():%Y-%m-%d %H:%M}",
    )


def _aligned(row: _Cells, source: int, title: int, numbers: Sequence[int]) -> Text:
    line = Text.assemble(row.source, _left("", source - cells(row.source.plain)))
    if title:
        line.append(_GAP).append(_left(crop(row.title, title), title))
    for text, width in zip(row[2:], numbers, strict=True):
        line.append(_GAP).append(text.rjust(width), "status")
    return line


def _stacked(row: _Cells, width: int) -> Text:
    below = facts((crop(row.title, width - INDENT), *row[2:]), "status", width - INDENT)
    return Text.assemble(row.source, "\n", (indented(below.plain, None), "status"))


def _chunk(chunk: Chunk, directory: Path, width: int | None, links: Links) -> Text:
    place = Text.assemble(location(chunk.source, chunk.place, directory, links))
    first = filled(place, [(visible_line(chunk.heading), "heading")], width)
    return Text.assemble(first, "\n", indented(chunk.text, width))


def _left(text: str, width: int) -> str:
    return text + " " * (width - cells(text))
