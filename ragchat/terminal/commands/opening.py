"""The command that opens a source where it is cited."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.errors import UsageError
from ragchat.terminal.commands.show import last_answer
from ragchat.terminal.finding import line_now
from ragchat.terminal.opening import in_editor, in_viewer
from ragchat.terminal.paths import line_of, location, shown_path

if TYPE_CHECKING:
    from pathlib import Path

    from ragchat.core.answer import Answer
    from ragchat.core.place import Place
    from ragchat.terminal.chat import Chat

# int() refuses thousands of them.
_MOST_DIGITS = 9


def open_source(chat: Chat, number: str) -> None:
    """Open a source of the last answer, the first that is cited when `number` is empty, at its line.

    What has no lines is opened by the desktop. Raises `UsageError` when there is no such source or no such file
    any more, and when nothing opens it.
    """
    source, place, words = _chosen(last_answer(chat), number)
    path, line = chat.terminal.directory / source, line_of(place)
    shown = shown_path(source, chat.terminal.directory)
    if not path.is_file():
        raise UsageError(f"{shown} is not there any more.", "Ingest again, and the index forgets it.")
    if line is None:
        _view(chat, path, place)
        return
    opening = in_editor(path, _checked(chat, path, place, words) or line, os.environ)
    if not (opening.windowed or chat.terminal.interactive):
        raise UsageError("There is no terminal for an editor here.", f"Open it yourself: {shown}{place.suffix()}")
    opening.run()


def _chosen(answer: Answer, number: str) -> tuple[str, Place, str]:
    """The source, the place and the words there."""
    if not answer.passages:
        raise UsageError("The last answer has no sources.", "Ask another question.")
    wanted = _numbered(number) if number else _first(answer)
    if not 1 <= wanted <= len(answer.passages):
        raise UsageError(f"There is no source {number}.", f"Their numbers go from 1 to {len(answer.passages)}.")
    for citation in answer.citations:
        if citation.marker == wanted:
            return citation.passage.chunk.source, citation.place, citation.quote
    passage = answer.passages[wanted - 1]
    return passage.chunk.source, passage.place, passage.text


def _numbered(number: str) -> int:
    """The number in `3` or `[3]`, zero for anything else."""
    bare = number.strip("[]")
    return int(bare) if bare.isdecimal() and len(bare) < _MOST_DIGITS else 0


def _first(answer: Answer) -> int:
    return answer.citations[0].marker if answer.citations else 1


def _checked(chat: Chat, path: Path, place: Place, words: str) -> int | None:
    """The line where `words` are now; says so when that is not where they were. None where nobody knows."""
    if place.kind != "lines" or place.line is None:
        return None
    try:
        line = line_now(path, place.line, words)
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read: {error.strerror}.", "Look at its permissions.") from error
    if line != place.line:
        now = f"the passage is in line {line} now" if line else "the passage is no longer in it"
        shown = shown_path(str(path), chat.terminal.directory)
        chat.terminal.out.print(Text(f"{shown} has changed since it was indexed: {now}.", style="notice"))
    return line


def _view(chat: Chat, path: Path, place: Place) -> None:
    where = location(str(path), place, chat.terminal.directory, chat.terminal.links)
    opening = in_viewer(path, os.environ)
    if opening is None:
        raise UsageError("No program here opens this document.", f"Open it yourself: {where.plain}")
    chat.terminal.out.print(where)
    opening.run()
