"""Slash commands completed at the prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_toolkit.completion import Completer, Completion

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from prompt_toolkit.completion import CompleteEvent
    from prompt_toolkit.document import Document

    from ragchat.terminal.commands.table import Command


class CommandCompleter(Completer):
    """Offers the commands whose name, or an alias of it, begins with what stands behind the slash."""

    def __init__(self, commands: Sequence[Command]) -> None:
        self._commands = commands

    def get_completions(self, document: Document, _event: CompleteEvent) -> Iterable[Completion]:
        """Completions for the first word of the line only."""
        typed = document.text_before_cursor
        if not typed.startswith("/") or len(typed.split()) != 1 or typed[-1].isspace():
            return
        for command in self._commands:
            for name in (command.name, *command.aliases):
                if name.startswith(typed[1:]):
                    yield Completion(f"/{name}", start_position=-len(typed), display_meta=command.help)
                    break
