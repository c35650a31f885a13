"""The commands, each in one record, from which help and completion are made."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ragchat.errors import UsageError
from ragchat.terminal.commands.opening import open_source
from ragchat.terminal.commands.show import explain, sources
from ragchat.terminal.commands.talk import clear, leave, show_help

if TYPE_CHECKING:
    from collections.abc import Callable

    from ragchat.terminal.chat import Chat

_WORDS = {"exit", "help", "quit"}
_COMMAND = re.compile(r"/([^\s/]*)(?:\s+(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Command:
    """`/name arguments`; `run` is given the conversation and what stands behind the name."""

    name: str
    help: str
    run: Callable[[Chat, str], None]
    arguments: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def usage(self) -> str:
        """How it is typed."""
        return f"/{self.name} {self.arguments}".rstrip()


COMMANDS: Final = (
    Command("help", "what can be typed here", show_help, aliases=("?",)),
    Command("sources", "the passages behind the last answer, in full", sources),
    Command("open", "open a source in your editor, where it is cited", open_source, arguments="n"),
    Command("why", "how the passages were found, and what was dropped", explain),
    Command("clear", "forget the conversation so far and clear the screen", clear),
    Command("quit", "leave (also Ctrl-D)", leave, aliases=("exit", "q")),
)


def parse(line: str) -> tuple[Command, str] | None:
    """The command `line` calls, and its arguments; None for a question, even one that begins with a path.

    A lone `quit`, `exit` or `help` is meant as the command. Raises `UsageError` for a command that does not
    exist or takes no arguments.
    """
    line = line.strip()
    found = _COMMAND.fullmatch(f"/{line}" if line.lower() in _WORDS else line)
    if found is None:
        return None
    command, arguments = _named(found[1]), (found[2] or "").strip()
    if arguments and not command.arguments:
        raise UsageError(f"/{found[1]} takes no arguments.", f"Type /{found[1]} alone.")
    return command, arguments


def _named(name: str) -> Command:
    by_name = {word: command for command in COMMANDS for word in (command.name, *command.aliases)}
    if name.lower() in by_name:
        return by_name[name.lower()]
    nearest = difflib.get_close_matches(name.lower(), by_name, n=1)
    meant = f"Did you mean /{nearest[0]}? " if nearest else ""
    raise UsageError(f"There is no command /{name}.", f"{meant}/help lists them all.")
