"""Where an answer comes from: its sources in a line each, and whole passages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.terminal.cells import cells, crop
from ragchat.terminal.paths import location
from ragchat.terminal.sanitise import visible_line
from ragchat.terminal.views.block import indented

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from ragchat.core.answer import Citation
    from ragchat.core.passage import Passage

_QUOTE = 60


def cited(citations: Iterable[Citation], directory: Path, width: int | None) -> Text:
    """`[2] guides/bread.md:41-43  Baking › Storing  “first words…”`, a line for each citation.

    The place is never cropped, so that it can be copied; the rest fills the line. `width` None crops nothing.
    """
    return Text("\n").join(_cited(citation, directory, width) for citation in citations)


def found(passages: Iterable[Passage], directory: Path, width: int | None, *, used: Collection[str] = ()) -> Text:
    """Passages with rank, place, score, how they were found, heading and text.

    `used` holds the ids of chunks that an answer cites; theirs are marked.
    """
    return Text("\n\n").join(_found(passage, directory, width, passage.chunk.id in used) for passage in passages)


def _cited(citation: Citation, directory: Path, width: int | None) -> Text:
    chunk = citation.passage.chunk
    line = Text.assemble((f"[{citation.marker}]", "mark"), " ", location(chunk.source, citation.place, directory))
    words = f"“{crop(visible_line(citation.quote), _QUOTE)}”" if citation.quote else ""
    return _filled(line, ((visible_line(chunk.heading), "heading"), (words, "quote")), width)


def _found(passage: Passage, directory: Path, width: int | None, used: bool) -> Text:
    chunk = passage.chunk
    line = Text.assemble((f"{passage.rank}.", "mark"), " ", location(chunk.source, passage.place, directory))
    how = f"{passage.score:.2f} {' + '.join(passage.found_by)}{' · cited' if used else ''}"
    first = _filled(line, ((how, "status"), (visible_line(chunk.heading), "heading")), width)
    return Text.assemble(first, "\n", indented(passage.text, width))


def _filled(line: Text, parts: Iterable[tuple[str, str]], width: int | None) -> Text:
    """Append what fits behind the place; a part of which hardly anything fits is left out."""
    for part, style in parts:
        room = cells(part) if width is None else width - cells(line.plain) - 2
        if part and room >= min(8, cells(part)):
            line.append("  ").append(crop(part, room), style)
    return line
