"""The commands and what they do, one below the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.terminal.wrap import wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragchat.terminal.commands.table import Command


def command_list(commands: Sequence[Command], width: int) -> Text:
    """How each command is typed, and its help beside it."""
    column = max(len(command.usage) for command in commands) + 2
    return Text("\n").join(
        Text.assemble(
            (command.usage.ljust(column), "command"),
            wrapped(command.help, width - column).replace("\n", "\n" + " " * column),
        )
        for command in commands
    )
