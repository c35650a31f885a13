"""What is sent to a terminal, told apart: text, styles, links, and what draws a line anew."""

from __future__ import annotations

import re
import unicodedata

from rich.ansi import SGR_STYLE_MAP
from rich.color import ANSI_COLOR_NAMES

_COLOURS = {f"color({number})": name for name, number in ANSI_COLOR_NAMES.items() if number < 16}
_STYLE = re.compile(r"\x1b\[([\d;]*)m")
_OURS = {str(code) for code in (*range(5), 9, *range(30, 38), 39, *range(90, 98))}
_LINK = re.compile(r"\x1b\]8;(?:id=\d+)?;([!-~]*)\x1b\\")
# A line, or so many, emptied and written again.
_REDRAWN = re.compile(r"\r(?:\x1b\[2K|\x1b\[\d+A\x1b\[\d+M)")
_OVERRIDES = frozenset(("LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"))


def unstyled(sent: str) -> str:
    """The text without styles and links."""
    return _LINK.sub("", _STYLE.sub("", sent))


def settled(sent: str) -> str:
    """What is left where a line was emptied and written again."""
    return re.sub(r"[^\n]*\r\x1b\[2K", "", sent)


def spelt_out(sent: str) -> str:
    """The styles as `<bold cyan>…</>` and the links as `<link ADDRESS>…</link>`."""
    linked = _LINK.sub(lambda link: f"<link {link[1]}>" if link[1] else "</link>", sent)
    return _STYLE.sub(_style_name, linked)


def _style_name(style: re.Match[str]) -> str:
    if style[1] in {"", "0"}:
        return "</>"
    names = (SGR_STYLE_MAP.get(int(code), code) for code in style[1].split(";"))
    return f"<{' '.join(_COLOURS.get(name, name) for name in names)}>"


def text_of(sent: str) -> str:
    """The text alone; fails on whatever is neither visible nor ours.

    Ours are weights and foreground colours, links to files, and what draws lines anew.
    """
    foreign = [style[0] for style in _STYLE.finditer(sent) if not set(style[1].split(";")) <= _OURS]
    foreign += [link[0] for link in _LINK.finditer(sent) if link[1] and not link[1].startswith("file://")]
    assert foreign == []
    text = _REDRAWN.sub("", unstyled(sent))
    assert [character for character in text if not is_seen(character)] == []
    return text


def is_seen(character: str) -> bool:
    """Whether a terminal shows it, or joins it to what it shows, or it ends a line."""
    if character == "\n":
        return True
    if unicodedata.bidirectional(character) in _OVERRIDES or character in "\u200b\u200e\u200f\u061c\ufeff":
        return False
    return unicodedata.category(character) not in {"Cc", "Cs", "Zl", "Zp"}
