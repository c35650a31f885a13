"""The commands are those that typer builds, each built when it is asked for."""

from __future__ import annotations

from typer.core import TyperGroup
from typer.main import get_command

from ragchat.cli.building import Commands, build
from ragchat.cli.main import app


def _help(group: TyperGroup, path: str = "") -> list[tuple[str, str, list[str]]]:
    """Each command below `group` with its summary and its options."""
    told: list[tuple[str, str, list[str]]] = []
    for name, command in group.commands.items():
        options = [option for parameter in command.params for option in parameter.opts]
        told.append((f"{path} {name}", command.get_short_help_str(limit=1000), options))
        if isinstance(command, TyperGroup):
            told += _help(command, f"{path} {name}")
    return told


def test_every_command_is_as_typer_builds_it() -> None:
    by_typer = get_command(app)
    assert isinstance(by_typer, TyperGroup)
    assert _help(build(app)) == _help(by_typer)
    assert len(_help(by_typer)) > 20


def test_a_summary_is_that_of_the_command_itself() -> None:
    commands = build(app).commands
    assert isinstance(commands, Commands)
    assert dict(commands.summaries()) == {
        name: command.get_short_help_str(limit=1000) for name, command in commands.items()
    }


def test_a_command_is_built_once() -> None:
    commands = build(app).commands
    assert commands["docs"] is commands["docs"]
    assert "aks" not in commands
