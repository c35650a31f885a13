"""The sessions that were kept, a line each, and one of them in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.terminal.cells import crop
from ragchat.terminal.links import FILE_LINKS
from ragchat.terminal.sanitise import visible_line
from ragchat.terminal.views.answer import status
from ragchat.terminal.views.block import INDENT, indented
from ragchat.terminal.views.line import facts
from ragchat.terminal.views.quantities import counted
from ragchat.terminal.views.sources import cited
from ragchat.terminal.wrap import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from ragchat.conversation.entry import Entry
    from ragchat.core.answer import Turn
    from ragchat.terminal.links import Links


def sessions(entries: Sequence[Entry], width: int | None) -> Text:
    """Number, id and name of each, and below them questions, the time of the last one, and the collection."""
    return Text("\n").join(_entry(number, entry, width) for number, entry in enumerate(entries, start=1))


def session(
    entry: Entry, turns: Iterable[Turn], directory: Path, width: int | None, *, links: Links = FILE_LINKS
) -> Text:
    """All questions of a session with answers, sources and what they took."""
    head = Text.assemble((_fitted(visible_line(entry.name), width), "heading"), "\n", _facts(entry, width))
    return Text("\n\n").join([head, *(_turn(turn, directory, width, links) for turn in turns)])


def _entry(number: int, entry: Entry, width: int | None) -> Text:
    mark = f"{number} {entry.id}  "
    name = visible_line(entry.name)
    shown = name if width is None else crop(name, width - len(mark))
    return Text.assemble(
        (mark, "mark"), shown, "\n", indented(_facts(entry, width and width - INDENT).plain, None)
    )


def _facts(entry: Entry, width: int | None) -> Text:
    at = f"{entry.last_at.astimezone():%Y-%m-%d %H:%M}"
    return facts((counted(entry.questions, "question"), at, visible_line(entry.collection)), "status", width)


def _turn(turn: Turn, directory: Path, width: int | None, links: Links) -> Text:
    return Text("\n").join(_parts(turn, directory, width, links))


def _parts(turn: Turn, directory: Path, width: int | None, links: Links) -> Iterator[Text]:
    answer = turn.answer
    yield Text(_fitted(f"> {visible_line(turn.question)}", width), style="prompt")
    if answer.text.strip():
        yield Text(indented(answer.text, width))
    if answer.citations:
        yield cited(answer.citations, directory, width, links=links)
    for notice in answer.notices:
        yield Text(_fitted(visible_line(notice), width), style="notice")
    if answer.completion.provider:
        yield status(answer, width)


def _fitted(text: str, width: int | None) -> str:
    return text if width is None else wrapped(text, width)
