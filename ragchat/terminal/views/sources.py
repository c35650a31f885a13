"""Where an answer comes from: its sources in a line each, and whole passages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.terminal.cells import crop
from ragchat.terminal.links import FILE_LINKS
from ragchat.terminal.paths import location
from ragchat.terminal.sanitise import visible_line
from ragchat.terminal.views.block import indented
from ragchat.terminal.views.line import filled
from ragchat.terminal.views.quantities import share

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from ragchat.core.answer import Citation
    from ragchat.core.passage import Passage
    from ragchat.terminal.links import Links

_QUOTE = 60


def cited(citations: Iterable[Citation], directory: Path, width: int | None, *, links: Links = FILE_LINKS) -> Text:
    """`[2] guides/bread.md:41-43  .87  Baking › Storing  “first words…”`, a line for each citation.

    The place is never cropped, so that it can be copied; the rest fills the line. `width` None crops nothing.
    """
    return Text("\n").join(_cited(citation, directory, width, links) for citation in citations)


def found(
    passages: Iterable[Passage],
    directory: Path,
    width: int | None,
    *,
    used: Collection[str] = (),
    links: Links = FILE_LINKS,
) -> Text:
    """Passages with rank, place, score, how they were found, heading and text.

    `used` holds the ids of chunks that an answer cites; theirs are marked.
    """
    return Text("\n\n").join(
        _found(passage, directory, width, used=passage.chunk.id in used, links=links) for passage in passages
    )


def _cited(citation: Citation, directory: Path, width: int | None, links: Links) -> Text:
    chunk = citation.passage.chunk
    place = location(chunk.source, citation.place, directory, links)
    line = Text.assemble((f"[{citation.marker}]", "mark"), " ", place)
    words = f"“{crop(visible_line(citation.quote), _QUOTE)}”" if citation.quote else ""
    heading = visible_line(chunk.heading)
    return filled(line, ((share(citation.passage.score), "status"), (heading, "heading"), (words, "quote")), width)


def _found(passage: Passage, directory: Path, width: int | None, *, used: bool, links: Links) -> Text:
    chunk = passage.chunk
    place = location(chunk.source, passage.place, directory, links)
    line = Text.assemble((f"{passage.rank}.", "mark"), " ", place)
    how = f"{share(passage.score)} {_by_which(passage)}{' · cited' if used else ''}"
    first = filled(line, ((how, "status"), (visible_line(chunk.heading), "heading")), width)
    return Text.assemble(first, "\n", indented(passage.text, width))


def _by_which(passage: Passage) -> str:
    """`dense .63 #1 + lexical 8.2 #3`: the searches that found a passage, each with its score and rank."""
    scores = passage.scores
    if scores is None:
        return " + ".join(passage.found_by)
    said = {
        "dense": (share(scores.dense or 0.0), scores.dense_rank),
        "lexical": (f"{scores.lexical:.1f}", scores.lexical_rank),
    }
    return " + ".join(f"{finder} {said[finder][0]} #{said[finder][1]}" for finder in passage.found_by)
