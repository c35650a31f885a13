"""Addresses that a terminal can follow from the place of a passage to its file (OSC 8)."""

from __future__ import annotations

import os
import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote_from_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_FILE: Final = "file://{host}{path}"
_TEMPLATES: Final = {
    "file": _FILE,
    "vscode": "vscode://file{path}:{line}",
    "cursor": "cursor://file{path}:{line}",
    "idea": "idea://open?file={path}&line={line}",
    "zed": "zed://file{path}:{line}",
}

# Terminals that follow links, by what each says of itself, as in https://github.com/Alhadis/OSC8-Adoption.
_PROGRAMS = frozenset(("ghostty", "hyper", "iterm.app", "mintty", "rio", "tabby", "vscode", "wezterm", "zed"))
_TERMS = re.compile(r"alacritty|contour|foot|wezterm|xterm-(?:ghostty|kitty)")
_VARIABLES = ("ALACRITTY_WINDOW_ID", "DOMTERM", "KITTY_WINDOW_ID", "KONSOLE_VERSION", "WEZTERM_PANE", "WT_SESSION")
_FIRST_VTE = 5000
_FIRST_TMUX = (3, 4)


@dataclass(frozen=True, slots=True)
class Links:
    """What a file is a link to: `template` with `{host}`, `{path}` and `{line}` filled in; nothing without one.

    `host` says whose files these are, for a terminal on another machine; this machine's need none.
    """

    template: str = _FILE
    host: str = ""

    def address(self, path: Path, line: int | None) -> str | None:
        """The address of the absolute `path`; None for a file that is not there.

        Every byte but ASCII letters, digits and a few signs is escaped, so that no name ends the sequence that it
        stands in. Without a line, an editor's template gives way to the file's own address.
        """
        if not self.template or not _is_there(path):
            return None
        template = _FILE if line is None and "{line}" in self.template else self.template
        filled = template.replace("{host}", self.host).replace("{line}", str(line))
        return filled.replace("{path}", quote_from_bytes(os.fsencode(path)))


FILE_LINKS: Final = Links()
"""Each source is a link to its file."""


def links_for(setting: str, environment: Mapping[str, str], *, screen: bool) -> Links:
    """What `setting`, a name or a template, means in this `environment`; without a `screen` there are no links."""
    if not screen or setting == "off" or (setting == "auto" and not _followed(environment)):
        return Links("")
    remote = environment.get("SSH_CONNECTION") or environment.get("SSH_TTY")
    return Links(
        _TEMPLATES["file"] if setting == "auto" else _TEMPLATES.get(setting, setting), _host() if remote else ""
    )


def _followed(environment: Mapping[str, str]) -> bool:
    """Whether the terminal is known to follow links."""
    term, program = environment.get("TERM", ""), environment.get("TERM_PROGRAM", "").lower()
    # What else the environment says of a terminal is then said of the one around them.
    if environment.get("TMUX") or program == "tmux":
        return _version(environment.get("TERM_PROGRAM_VERSION", "")) >= _FIRST_TMUX
    if term.startswith("screen") or environment.get("STY") or term in {"", "dumb", "linux", "unknown"}:
        return False
    vte = environment.get("VTE_VERSION", "")
    return (
        program in _PROGRAMS
        or _TERMS.match(term) is not None
        or any(environment.get(name) for name in _VARIABLES)
        or (vte.isdecimal() and int(vte) >= _FIRST_VTE)
    )


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", text)[:2]))


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9.-]", "", socket.gethostname())


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, UnicodeEncodeError):  # a folder that may not be read, a name that no file can have
        return False
