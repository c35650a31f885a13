"""Commands about the conversation itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.terminal.chat import Leave
from ragchat.terminal.views.commands import command_list
from ragchat.terminal.wrap import wrapped

if TYPE_CHECKING:
    from ragchat.terminal.chat import Chat

_KEYS = """\
Enter sends the question, Alt-Enter starts a new line in it.
Ctrl-C stops an answer and keeps what is there, or clears what you typed.
Ctrl-D, or Ctrl-C twice, leaves."""


def show_help(chat: Chat, _arguments: str) -> None:
    """Print every command with its help, then the keys."""
    chat.terminal.out.print(command_list(chat.commands, chat.terminal.width))
    chat.terminal.out.print()
    chat.terminal.out.print(Text(wrapped(_KEYS, chat.terminal.width), style="hint"))


def clear(chat: Chat, _arguments: str) -> None:
    """Forget the turns and clear the screen."""
    chat.forget()
    if chat.terminal.screen:
        chat.terminal.out.clear()


def leave(_chat: Chat, _arguments: str) -> None:
    """End the conversation."""
    raise Leave
