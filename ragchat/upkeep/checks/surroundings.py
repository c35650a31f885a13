"""What ragchat runs on: Python, the terminal, the settings and the optional libraries."""

from __future__ import annotations

import codecs
import sys
from dataclasses import dataclass
from importlib.util import cache_from_source, find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ragchat.documents.readers.office import missing_library
from ragchat.upkeep.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ragchat.errors import SettingsError

_OLDEST_PYTHON = (3, 11)
_NARROW = 40


@dataclass(frozen=True, slots=True)
class Screen:
    """What stdout is: `drawable` when it is a terminal whose cursor can be moved; `width`, `height` in cells."""

    drawable: bool
    width: int
    height: int
    colours: bool
    encoding: str


def check_python(version: tuple[int, int, int]) -> Finding:
    """`python`: whether `version` is one that ragchat is made for."""
    number = ".".join(map(str, version))
    if version[:2] < _OLDEST_PYTHON:
        return Finding(
            "python", "problem", f"This is Python {number}.", "Install ragchat with Python 3.11 or newer."
        )
    return Finding("python", "ok", f"Python {number}, {sys.executable}")


def check_bytecode(libraries: Iterable[str] = ("ragchat", "chromadb")) -> Finding:
    """`bytecode`: whether Python finds `libraries` compiled; otherwise it compiles them at every start."""
    slow = [name for name in libraries if not _is_compiled(name)]
    if slow:
        return Finding(
            "bytecode",
            "warning",
            f"Python compiles {' and '.join(slow)} anew at every start, which takes a second or more.",
            f"Run `{sys.executable} -m compileall -q {Path(__file__).parents[3]}` once, as whoever installed it.",
        )
    return Finding("bytecode", "ok", "The libraries are compiled.")


def check_terminal(screen: Screen) -> Finding:
    """`terminal`: whether everything can be shown in it."""
    if not _is_utf8(screen.encoding):
        return Finding(
            "terminal",
            "warning",
            f"Output is written as {screen.encoding}, which lacks many characters; they become question marks.",
            "Set LANG to a UTF-8 locale such as C.UTF-8, or set PYTHONUTF8=1.",
        )
    if not screen.drawable:
        return Finding("terminal", "ok", "Output goes to a pipe, a file or a plain terminal: as text, UTF-8.")
    if screen.width < _NARROW:
        return Finding(
            "terminal",
            "warning",
            f"The terminal is {screen.width} columns wide.",
            f"Widen the window to {_NARROW} columns or more.",
        )
    colours = "in colour" if screen.colours else "without colour"
    # Links come with colours: what cannot show the one does not know the other.
    links = "with links" if screen.colours else "without links"
    return Finding("terminal", "ok", f"{screen.width} columns, {screen.height} lines, {colours}, {links}, UTF-8")


def check_settings(warnings: Iterable[str]) -> Finding:
    """`settings`: that they could be read, and what the person should be told about them."""
    told = " ".join(warnings)
    if told:
        return Finding("settings", "warning", told, "Change the settings it names.")
    return Finding("settings", "ok", "All settings can be read.")


def wrong_settings(error: SettingsError) -> Finding:
    """`settings`: one has a value it cannot have."""
    again = "Then run `ragchat doctor` again: what the settings lead to has not been looked at."
    return Finding("settings", "problem", error.message, f"{error.hint} {again}")


def check_office(libraries: Iterable[str] = ("openpyxl", "pptx")) -> Finding:
    """`office`: whether the optional `libraries` for spreadsheets and slides are installed."""
    missing = [name for name in libraries if find_spec(name) is None]
    if missing:
        message = f"Spreadsheets and slides cannot all be read: {' and '.join(missing)} not installed."
        return Finding("office", "warning", message, missing_library().hint)
    return Finding("office", "ok", "Spreadsheets and slides can be read.")


def _is_compiled(library: str) -> bool:
    spec = find_spec(library)
    if spec is None or spec.origin is None:
        return True
    return Path(cache_from_source(spec.origin)).exists()


def _is_utf8(encoding: str) -> bool:
    try:
        return codecs.lookup(encoding).name == "utf-8"
    except LookupError:
        return False
