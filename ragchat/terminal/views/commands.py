"""The commands and what they do, one below the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.terminal.views.block import indented
from ragchat.terminal.wrap import wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragchat.terminal.commands.table import Command


_LEAST = 24


def command_list(commands: Sequence[Command], width: int) -> Text:
    """How each command is typed, and its help beside it; below it where there is little room."""
    column = max(len(command.usage) for command in commands) + 2
    if width - column < _LEAST:
        return Text("\n").join(_stacked(command, width) for command in commands)
    return Text("\n").join(
        Text.assemble(
            (command.usage.ljust(column), "command"),
            wrapped(command.help, width - column).replace("\n", "\n" + " " * column),
        )
        for command in commands
    )


def _stacked(command: Command, width: int) -> Text:
    return Text.assemble((command.usage, "command"), "\n", indented(command.help, width))
