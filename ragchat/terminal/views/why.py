"""How the passages behind an answer were found, what became of each, and what was dropped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.terminal.cells import cells
from ragchat.terminal.links import FILE_LINKS
from ragchat.terminal.paths import location
from ragchat.terminal.sanitise import visible_line
from ragchat.terminal.views.block import INDENT
from ragchat.terminal.views.line import facts
from ragchat.terminal.views.quantities import counted, share
from ragchat.terminal.wrap import wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ragchat.core.answer import Answer
    from ragchat.core.passage import Dropped, Passage, Scores, Search
    from ragchat.terminal.links import Links

_GAP = "  "
_HEADS = ("score", "fused", "dense", "words")
# Where not all columns fit, the one that says least goes first.
_COLUMNS = (_HEADS, ("score", "dense", "words"))


@dataclass(frozen=True, slots=True)
class _Row:
    """A chunk or a passage: its number, where it lies, its scores by column, and what became of it."""

    number: str
    place: Text
    scores: dict[str, str]
    fate: str


def why(answer: Answer, directory: Path, width: int | None, *, links: Links = FILE_LINKS) -> Text:
    """What was searched for, the passages, what was dropped and why, and the sentences without support.

    Scores are those of the second look, of both searches together (fused), of the search by meaning (dense) and
    by words, the last two with the rank there. What is cited was read, and what was not read had no room in the
    prompt. A table where it fits `width`, else a few lines for each.
    """
    parts = [
        _searched(answer.search, width) if answer.search else Text(),
        _listed([_passage(one, answer, directory, links) for one in answer.passages], width),
        _dropped(answer, directory, width, links),
        _unsupported(answer.unsupported, width),
    ]
    return Text("\n\n").join(part for part in parts if part.plain)


def _searched(search: Search, width: int | None) -> Text:
    asked = Text(_wrapped(f"searched for: {visible_line(search.question)}", width), style="heading")
    counts = (f"{counted(search.found, 'chunk')} found", f"{search.looked:,} looked at again")
    return Text.assemble(asked, "\n", facts(counts, "status", width))


def _passage(passage: Passage, answer: Answer, directory: Path, links: Links) -> _Row:
    cited = any(citation.passage.rank == passage.rank for citation in answer.citations)
    read = "read" if passage.rank <= answer.read else "no room"
    return _Row(
        f"{passage.rank}.",
        location(passage.chunk.source, passage.place, directory, links),
        _columns(passage.score, passage.scores),
        "cited" if cited else read,
    )


def _dropped(answer: Answer, directory: Path, width: int | None, links: Links) -> Text:
    search = answer.search
    if search is None or not search.dropped:
        return Text()
    more = search.looked - len(answer.passages) - len(search.dropped)
    end = f"\nand {more:,} below them" if more > 0 else ""
    rows = [
        _Row("-", location(one.source, one.place, directory, links), _columns(one.score, one.scores), _fate(one))
        for one in search.dropped
    ]
    return Text.assemble(("dropped", "heading"), "\n", _listed(rows, width), (end, "status"))


def _fate(dropped: Dropped) -> str:
    return {"joined": f"part of {dropped.into}", "copy": f"same as {dropped.into}", "below": "below"}[dropped.why]


def _unsupported(sentences: Sequence[str], width: int | None) -> Text:
    if not sentences:
        return Text()
    lines = (_wrapped(f"- {visible_line(sentence)}", width) for sentence in sentences)
    return Text.assemble(("unsupported", "heading"), "\n", "\n".join(lines))


def _columns(score: float, scores: Scores | None) -> dict[str, str]:
    if scores is None:
        return {"score": share(score)}
    return {
        "score": share(score),
        "fused": share(scores.fused),
        "dense": "" if scores.dense is None else _ranked(share(scores.dense), scores.dense_rank),
        "words": _ranked(f"{scores.lexical:.1f}", scores.lexical_rank) if scores.lexical else "",
    }


def _ranked(score: str, rank: int | None) -> str:
    return f"{score} #{rank}" if rank else score


def _listed(rows: Sequence[_Row], width: int | None) -> Text:
    """The rows as the widest table that fits, under its heads; else each in lines of its own."""
    if not rows:
        return Text()
    for columns in _COLUMNS:
        table = _table(rows, [name for name in columns if any(row.scores.get(name) for row in rows)])
        if width is None or max(cells(line) for line in table.plain.split("\n")) <= width:
            return table
    return Text("\n").join(_stacked(row, width) for row in rows)


def _table(rows: Sequence[_Row], columns: Sequence[str]) -> Text:
    number = max(len(row.number) for row in rows)
    place = max(cells(row.place.plain) for row in rows)
    widths = {name: max(len(name), *(len(row.scores.get(name, "")) for row in rows)) for name in columns}
    heads = "".join(_GAP + name.rjust(wide) for name, wide in widths.items())
    lines = [Text(" " * (number + 1 + place) + heads, style="status")]
    for row in rows:
        scores = "".join(_GAP + row.scores.get(name, "").rjust(wide) for name, wide in widths.items())
        gap = " " * (place - cells(row.place.plain))
        lines.append(
            Text.assemble(
                (row.number.rjust(number), "mark"), " ", row.place, gap, (scores + _GAP + row.fate, "status")
            )
        )
    return Text("\n").join(lines)


def _stacked(row: _Row, width: int | None) -> Text:
    known = (f"{name} {value}" for name, value in row.scores.items() if value)
    below = facts((row.fate, *known), "status", width and width - INDENT)
    indented = Text("\n" + "\n".join(" " * INDENT + line for line in below.plain.split("\n")), style="status")
    return Text.assemble((row.number, "mark"), " ", row.place, indented)


def _wrapped(text: str, width: int | None) -> str:
    return wrapped(text, width) if width else text
