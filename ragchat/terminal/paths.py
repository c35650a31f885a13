"""Source paths as a person sees them."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text

from ragchat.core.place import relative_source
from ragchat.terminal.sanitise import visible

if TYPE_CHECKING:
    from pathlib import Path

    from ragchat.core.place import Place


def shown_path(source: str, directory: Path) -> str:
    """`source` relative to `directory` where it lies below it, with unseen characters spelt out."""
    return "".join(map(_spelt_out, relative_source(source, directory)))


def location(source: str, place: Place | None, directory: Path) -> Text:
    """`file.md:5-7`, linked to the file for terminals that can follow links."""
    suffix = visible(place.suffix()).replace("\n", " ") if place else ""
    text = Text(shown_path(source, directory) + suffix, style="source")
    if uri := _uri(source, directory):
        text.stylize(Style(link=uri))
    return text


def _uri(source: str, directory: Path) -> str | None:
    # `as_uri` escapes every byte that could end the terminal's link sequence.
    try:
        return (directory / source).as_uri()
    except UnicodeEncodeError:
        return None


def _spelt_out(character: str) -> str:
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return character
    if "\udc80" <= character <= "\udcff":  # a byte of the name that is not UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
