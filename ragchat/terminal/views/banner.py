"""What stands above the first prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.terminal.cells import cells, crop
from ragchat.terminal.sanitise import visible_line
from ragchat.terminal.views.chain import chain, shorter_chains
from ragchat.terminal.views.line import facts
from ragchat.terminal.views.quantities import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragchat.generation.chain.links import Link


def banner(version: str, collection: str, documents: int, links: Sequence[Link], width: int) -> Text:
    """`greeting` and `ready`: two lines, or three where the second does not hold all."""
    return Text("\n").join((greeting(version, width), ready(collection, documents, links, width)))


def greeting(version: str, width: int) -> Text:
    """The line that is known at once: the program, and how to go on from here."""
    name = f"ragchat {version}"
    lines = (
        f"{name} · /help lists the commands, Ctrl-D leaves",
        f"{name} · /help · Ctrl-D leaves",
        "/help, Ctrl-D leaves",
    )
    return Text(_longest(lines, width), style="status")


def ready(collection: str, documents: int, links: Sequence[Link], width: int) -> Text:
    """`food · 222 documents · groq · gpt-oss-20b → ollama (not running) → extractive`, on one line or on two."""
    held = counted(documents, "document")
    name = crop(visible_line(collection), max(1, width - cells(f" · {held}")))
    who = _longest((chain(links), *shorter_chains(links)), width)
    return facts((crop(f"{name} · {held}", width), who), "status", width)


def _longest(lines: Sequence[str], width: int) -> str:
    """The first that fits; of the last as much as does."""
    return next((line for line in lines if cells(line) <= width), crop(lines[-1], width))
