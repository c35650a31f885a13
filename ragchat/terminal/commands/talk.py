"""Commands about the conversation itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from ragchat.core.choices import PROVIDERS
from ragchat.errors import UsageError
from ragchat.terminal.chat import Leave
from ragchat.terminal.clipboard import copied
from ragchat.terminal.commands.show import last_answer
from ragchat.terminal.views.commands import command_list
from ragchat.terminal.wrap import wrapped

if TYPE_CHECKING:
    from ragchat.terminal.chat import Chat

_KEYS: Final = """\
Enter sends the question, Alt-Enter starts a new line in it; Ctrl-X Ctrl-E opens your editor.
Ctrl-R searches what you typed before, Right takes what is suggested of it.
Ctrl-C stops an answer and keeps what is there, or clears what you typed. Ctrl-Z suspends.
Ctrl-D, or Ctrl-C twice, leaves."""


def show_help(chat: Chat, _arguments: str) -> None:
    """Print every command with its help, then the keys."""
    chat.terminal.out.print(command_list(chat.commands, chat.terminal.width))
    chat.terminal.out.print()
    chat.terminal.out.print(Text(wrapped(_KEYS, chat.terminal.width), style="hint"))


def retry(chat: Chat, name: str) -> None:
    """Ask the last question again, of the provider or the model `name` if one is named, and of nobody else then.

    Raises `UsageError` before the first question.
    """
    before = chat.open().provider
    if not name:
        chat.retry()
    elif name in PROVIDERS:
        chat.choose(name)
        try:
            chat.retry()
        finally:
            chat.choose(before)
    else:
        setting = chat.model_setting()
        usual = chat.changes.get(setting)
        chat.change({setting: name})
        try:
            chat.retry()
        finally:
            chat.change({setting: usual})


def edit(chat: Chat, _arguments: str) -> None:
    """Offer the last question to be changed and asked again; its answer stays. Raises `UsageError` without one."""
    turns = chat.open().session.turns
    if not turns:
        raise UsageError("There is no question yet.", "Ask one first.")
    chat.offered = turns[-1].question


def undo(chat: Chat, _arguments: str) -> None:
    """Take the last question and its answer back, and offer the question. Raises `UsageError` without one."""
    turn = chat.open().session.undo()
    if turn is None:
        raise UsageError("There is nothing to take back.", "Ask a question first.")
    chat.say("Taken back, as if it had not been asked.")
    chat.offered = turn.question


def copy(chat: Chat, _arguments: str) -> None:
    """Give the last answer to the clipboard; raises `UsageError` without one, and where there is no screen."""
    chat.say(copied(last_answer(chat).text, chat.terminal))


def multiline(chat: Chat, _arguments: str) -> None:
    """Let Enter begin a new line, and Alt-Enter send; or the other way round again.

    Raises `UsageError` where nobody types.
    """
    if chat.keys is None or not chat.terminal.interactive:
        raise UsageError("There is no prompt here.", "Each line of a file is a question.")
    chat.keys.multiline = not chat.keys.multiline
    on = "Enter begins a new line, Alt-Enter sends." if chat.keys.multiline else "Enter sends again."
    chat.say(on)


def new(chat: Chat, _arguments: str) -> None:
    """Begin another session; what was said is kept in the one before."""
    chat.forget()
    chat.say("A new session: what was said before is not known to it.")


def clear(chat: Chat, _arguments: str) -> None:
    """Begin another session and clear the screen."""
    chat.forget()
    if chat.terminal.screen:
        chat.terminal.out.clear()


def leave(_chat: Chat, _arguments: str) -> None:
    """End the conversation."""
    raise Leave
