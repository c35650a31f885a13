"""Slash commands and what may stand behind them, completed at the prompt."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from prompt_toolkit.completion import Completer, Completion, PathCompleter
from prompt_toolkit.document import Document

from ragchat.errors import RagchatError
from ragchat.terminal.sanitise import visible_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from prompt_toolkit.completion import CompleteEvent

    from ragchat.terminal.chat import Chat
    from ragchat.terminal.commands.table import Command

_MOST = 200


class CommandCompleter(Completer):
    """Offers the commands whose name or alias begins with what stands behind the slash, then their arguments."""

    def __init__(self, commands: Sequence[Command], chat: Chat) -> None:
        self._commands = commands
        self._chat = chat
        self._paths = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterable[Completion]:
        """Completions for what stands before the cursor in a line that begins with a slash."""
        typed = document.text_before_cursor
        if not typed.startswith("/") or "\n" in typed:
            return
        name, gap, rest = typed.partition(" ")
        if gap:
            yield from self._arguments(name[1:].lower(), rest.lstrip(" "), event)
        else:
            yield from self._names(typed)

    def _names(self, typed: str) -> Iterable[Completion]:
        for command in self._commands:
            for name in (command.name, *command.aliases):
                if name.startswith(typed[1:]):
                    yield Completion(f"/{name}", start_position=-len(typed), display_meta=command.help)
                    break

    def _arguments(self, name: str, typed: str, event: CompleteEvent) -> Iterable[Completion]:
        command = next((one for one in self._commands if name in (one.name, *one.aliases)), None)
        if command is None:
            return
        if command.paths:
            yield from self._paths.get_completions(Document(typed.rpartition(" ")[2]), event)
        elif command.complete is not None:
            # What cannot be looked up just now is typed by hand.
            with suppress(RagchatError):
                yield from _matching(command.complete(self._chat, typed), typed)


def _matching(offered: Iterable[str], typed: str) -> Iterable[Completion]:
    """Those that hold what is typed, first those that begin with it."""
    wanted = typed.casefold()
    found = [text for text in dict.fromkeys(offered) if wanted in text.casefold()]
    found.sort(key=lambda text: not text.casefold().startswith(wanted))
    for text in found[:_MOST]:
        if text == visible_line(text):  # what cannot be shown cannot be chosen
            yield Completion(text, start_position=-len(typed))
