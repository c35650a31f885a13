"""Source paths as a person sees them."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text

from ragchat.core.place import STDIN, relative_source
from ragchat.errors import UsageError
from ragchat.terminal.links import FILE_LINKS
from ragchat.terminal.sanitise import visible

if TYPE_CHECKING:
    from ragchat.core.place import Place
    from ragchat.terminal.links import Links


def shown_path(source: str, directory: Path) -> str:
    """`source` relative to `directory` where it lies below it, with unseen characters spelt out."""
    return "".join(map(_spelt_out, relative_source(source, directory)))


def location(source: str, place: Place | None, directory: Path, links: Links = FILE_LINKS) -> Text:
    """`file.md:5-7`, a link for terminals that can follow it."""
    suffix = visible(place.suffix()).replace("\n", " ") if place else ""
    text = Text(shown_path(source, directory) + suffix, style="source")
    if source != STDIN and (address := links.address(directory / source, line_of(place))):
        text.stylize(Style(link=address))
    return text


def path_in(directory: Path, text: str) -> Path:
    """The path that a person in `directory` means; raises `UsageError` for the home of a user nobody knows."""
    try:
        return directory / Path(text).expanduser()
    except RuntimeError as error:
        raise UsageError(f"Nobody here is called {text.partition('/')[0]}.", "Write the path in full.") from error


def line_of(place: Place | None) -> int | None:
    """The line of the file where `place` begins; None for a page, and whatever else has no lines."""
    if place is not None and place.line is None and place.kind == "lines":
        return int(place.start)
    return place.line if place else None


def _spelt_out(character: str) -> str:
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return character
    if "\udc80" <= character <= "\udcff":  # a byte of the name that is not UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
