"""The commands, each built when it is first asked for: typer builds all of them, and a call needs one."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from inspect import getdoc
from typing import TYPE_CHECKING

from typer.core import TyperCommand
from typer.main import get_command_from_info, get_command_name, get_group_from_info, solve_typer_info_help
from typer.models import TyperInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

    import typer
    from typer._click import Command
    from typer.core import TyperGroup
    from typer.models import CommandInfo


def build(app: typer.Typer) -> TyperGroup:
    """`app` as typer builds it."""
    return _group(TyperInfo(app))


def name_of(info: CommandInfo) -> str:
    """How it is called."""
    return info.name or get_command_name(getattr(info.callback, "__name__", ""))


class Commands(Mapping[str, "Command"]):
    """The commands and groups of `app` by their names, in the order of its help."""

    def __init__(self, app: typer.Typer) -> None:
        self._commands = {name_of(info): info for info in app.registered_commands}
        self._groups = {info.name or "": info for info in app.registered_groups}
        self._built: dict[str, Command] = {}

    def __getitem__(self, name: str) -> Command:
        if name not in self._built:
            commands, groups = self._commands, self._groups
            self._built[name] = _command(commands[name]) if name in commands else _group(groups[name])
        return self._built[name]

    def summaries(self) -> Iterator[tuple[str, str]]:
        """The name and the first sentence of the help of each; none is built for it."""
        helps = {
            name: info.help or getdoc(info.callback) for name, info in self._commands.items() if not info.hidden
        }
        helps |= {name: solve_typer_info_help(info) for name, info in self._groups.items()}
        for name, text in helps.items():
            yield name, TyperCommand(name, help=text).get_short_help_str(limit=1000)

    def __iter__(self) -> Iterator[str]:
        yield from self._commands
        yield from self._groups

    def __len__(self) -> int:
        return len(self._commands) + len(self._groups)


def _group(info: TyperInfo) -> TyperGroup:
    app = info.typer_instance
    assert app is not None
    empty, itself = copy(app), copy(info)
    empty.registered_commands, empty.registered_groups = [], []
    itself.typer_instance = empty
    group = get_group_from_info(
        itself, pretty_exceptions_short=False, suggest_commands=app.suggest_commands, rich_markup_mode=None
    )
    group.commands = Commands(app)  # type: ignore[assignment]  # nobody adds to them
    return group


def _command(info: CommandInfo) -> Command:
    return get_command_from_info(info, pretty_exceptions_short=False, rich_markup_mode=None)
