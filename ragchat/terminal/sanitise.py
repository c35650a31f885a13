"""Untrusted text made visible: nothing in it can move the cursor, set a title or reorder a line."""

from __future__ import annotations

import re

from ragchat.language.unseen import UNSEEN

# What may begin inside one piece of a stream and end in another (ECMA-48, sections 5.3 to 5.6). Each pattern
# takes what belongs to the sequence; its group is the character that ends it. Anything else breaks it off.
_ESCAPE = re.compile(r"([0-~])?")
_DESIGNATION = re.compile(r"[ -/]*([0-~])?")
_CONTROL_SEQUENCE = re.compile(r"[ -?]*([@-~])?")
# A control string ends at a line's end too: a stray introducer must not swallow the rest of an answer.
_CONTROL_STRING = re.compile(r"[^\x07\n\r\x0b\x0c\x18\x1a-\x1f\x85\x9c\u2028\u2029]*([\x07\x18\x1a\x9c])?")

_INTRODUCERS = {
    "\x1b": _ESCAPE,
    "\x9b": _CONTROL_SEQUENCE,
    **dict.fromkeys("\x90\x98\x9d\x9e\x9f", _CONTROL_STRING),
}
_AFTER_ESCAPE = {
    "[": _CONTROL_SEQUENCE,
    **dict.fromkeys("PX]^_", _CONTROL_STRING),
    **dict.fromkeys(map(chr, range(0x20, 0x30)), _DESIGNATION),
}

_UNSAFE = re.compile(f"\r\n?|[{UNSEEN}]")
_LINE_ENDS = frozenset(("\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"))
_TAB = " " * 4


class Sanitiser:
    """Makes a stream of text visible, whatever way it was cut into pieces.

    Only `\\n` is left of the control characters. Escape sequences go whole, a tab becomes four spaces, every
    kind of line end becomes `\\n`, and a lone surrogate becomes U+FFFD. Linear in the length of the text.
    """

    def __init__(self) -> None:
        self._inside: re.Pattern[str] | None = None
        self._after_return = False

    def feed(self, text: str) -> str:
        """The visible part of the next piece."""
        shown: list[str] = []
        at = 0
        while at < len(text):
            inside = self._inside
            at = self._sequence(inside, text, at) if inside else self._plain(text, at, shown)
        return "".join(shown)

    def _plain(self, text: str, at: int, shown: list[str]) -> int:
        if self._after_return and text.startswith("\n", at):
            at += 1
        self._after_return = False
        found = _UNSAFE.search(text, at)
        if found is None:
            shown.append(text[at:])
            return len(text)
        shown.append(text[at : found.start()])
        self._inside = _INTRODUCERS.get(found[0])
        self._after_return = found[0] == "\r"
        shown.append(_replacement(found[0]))
        return found.end()

    def _sequence(self, inside: re.Pattern[str], text: str, at: int) -> int:
        if inside is _ESCAPE and text[at] in _AFTER_ESCAPE:
            self._inside = _AFTER_ESCAPE[text[at]]
            return at + 1
        found = inside.match(text, at)
        assert found is not None  # every pattern matches the empty string
        if found[1] or found.end() < len(text):
            self._inside = None
        return found.end()


def visible(text: str) -> str:
    """All of `text` made visible, line by line."""
    return Sanitiser().feed(text)


def visible_line(text: str) -> str:
    """`text` made visible on one line: each run of white space is a single space."""
    return " ".join(visible(text).split())


def _replacement(unsafe: str) -> str:
    if unsafe in _LINE_ENDS:
        return "\n"
    if unsafe == "\t":
        return _TAB
    return "\ufffd" if "\ud800" <= unsafe <= "\udfff" else ""
