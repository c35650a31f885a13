"""A stored session as a list shows it, and which one a person means."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from ragchat.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

_LIST = "See them all: ragchat sessions list"
_NAME_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """A session without its turns; `questions` counts those, the unanswered too."""

    id: str
    name: str
    collection: str
    questions: int
    began_at: datetime
    last_at: datetime


def chosen(text: str, entries: Sequence[Entry]) -> Entry:
    """The one of `entries` that `text` means: its id, its number from one, its name, or how id or name begins.

    Raises `UsageError` when it means none or several.
    """
    wanted = text.strip().casefold()
    if wanted.isdecimal() and 1 <= int(wanted) <= len(entries):
        return entries[int(wanted) - 1]
    for found in (
        [entry for entry in entries if entry.id == wanted],
        [entry for entry in entries if entry.name.casefold() == wanted],
        [entry for entry in entries if wanted and entry.id.startswith(wanted)],
        [entry for entry in entries if wanted and entry.name.casefold().startswith(wanted)],
    ):
        if len(found) > 1:
            raise UsageError(
                f"{len(found)} sessions are meant by {text}.", f"Use an id: {found[0].id} or {found[1].id}."
            )
        if found:
            return found[0]
    raise UsageError(f"There is no session {text}.", _nearest(wanted, entries))


def shortened(text: str) -> str:
    """`text` on one line, as the name of a session: at most 60 characters."""
    line = " ".join(text.split())
    return line if len(line) <= _NAME_CHARACTERS else f"{line[: _NAME_CHARACTERS - 1].rstrip()}…"


def _nearest(wanted: str, entries: Sequence[Entry]) -> str:
    names = {entry.name.casefold(): entry.name for entry in entries} | {entry.id: entry.id for entry in entries}
    near = [names[name] for name in get_close_matches(wanted, names, n=2, cutoff=0.5)]
    return f"Did you mean {' or '.join(near)}?" if near else _LIST
