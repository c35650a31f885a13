"""The passphrase of the conversations, typed without being shown."""

from __future__ import annotations

from getpass import getpass
from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.terminal.loading import require_person

if TYPE_CHECKING:
    from ragchat.terminal.console import Terminal

_OPEN = "Passphrase of your conversations: "
_NEW = "New passphrase for your conversations: "
_AGAIN = "The same again: "
_LOST = "Nobody can read them without it, and nobody can give it back to you."


def ask_passphrase(terminal: Terminal, new: bool) -> str:
    """Ask the person at the terminal; a new one until it was typed twice the same.

    The end of input raises `KeyboardInterrupt`, as Ctrl-C does. Raises `NeedsPerson` behind the prompt.
    """
    require_person()
    try:
        if not new:
            return getpass(_OPEN)
        terminal.err.print(Text(_LOST, style="notice"))
        while (typed := getpass(_NEW)) != getpass(_AGAIN):
            terminal.err.print(Text("These are not the same.", style="notice"))
    except EOFError:
        raise KeyboardInterrupt from None
    return typed
