"""A text for the clipboard of whoever looks at this terminal, wherever the program runs (OSC 52)."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Final

from ragchat.errors import UsageError
from ragchat.terminal.sanitise import visible

if TYPE_CHECKING:
    from ragchat.terminal.console import Terminal

_CURE: Final = "Write the session to a file: /export FILE"
_MOST_BYTES: Final = 74_994
"""xterm takes no more in one sequence; in base64 these are 100,000 bytes less its frame."""


def copied(text: str, terminal: Terminal) -> str:
    """Hand `text` over, and say so; raises `UsageError` where there is no screen, and for a text that is too long.

    No terminal says whether it took it.
    """
    if not terminal.screen:
        raise UsageError("There is no terminal with a clipboard here.", _CURE)
    raw = visible(text).encode()
    if len(raw) > _MOST_BYTES:
        raise UsageError("The answer is too long for the clipboard.", _CURE)
    terminal.out.file.write(f"\x1b]52;c;{b64encode(raw).decode()}\x07")
    terminal.out.file.flush()
    return "The answer is in the clipboard, if this terminal lets programs write there."
