"""How every command is helped with: options in sections, examples that work, any width."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from ragchat.cli.building import Commands, name_of
from ragchat.cli.examples import EXAMPLES
from ragchat.cli.options import COMMON

if TYPE_CHECKING:
    # Typer keeps the names of its own signatures to itself.
    from typer._click import Context, HelpFormatter

    Record = tuple[str, str]

_OPTIONS = "Options"
_NARROW = 60
_WIDEST = 80


def _common_options(
    quiet: Annotated[
        bool,
        typer.Option(
            "-q",
            "--quiet",
            help="Say nothing but the result and errors.",
            expose_value=False,
            rich_help_panel=COMMON,
        ),
    ] = False,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug", help="Show where an error comes from.", expose_value=False, rich_help_panel=COMMON
        ),
    ] = False,
) -> None:
    """The options that stand anywhere on the line; `run` reads them, whatever the command."""


_carrier = typer.Typer(add_completion=False)
_carrier.command()(_common_options)
_EVERYWHERE = get_command(_carrier).params


class Command(TyperCommand):
    """A command that takes the common options too."""

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]  # as typer gives them
        self.params = [*self.params, *_EVERYWHERE]

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """In sections, the command's own options first."""
        _write_sections(self, ctx, formatter)


class Group(TyperGroup):
    """Commands under one name, each with the whole first sentence of its help."""

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]  # as typer gives them
        self.params = [*self.params, *_EVERYWHERE]

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """The options in sections, then the commands."""
        _write_sections(self, ctx, formatter)
        assert isinstance(self.commands, Commands)
        with formatter.section("Commands"):
            formatter.write_dl(list(self.commands.summaries()), col_max=_column(formatter))


def equip(app: typer.Typer, path: str = "") -> None:
    """Give the commands of `app`, which stands at `path`, the common options and their examples."""
    for info in app.registered_commands:
        info.cls = Command
        info.epilog = _block(EXAMPLES.get(f"{path} {name_of(info)}".strip(), ()))
    for group in app.registered_groups:
        group.cls = Group
        if group.typer_instance is not None:
            equip(group.typer_instance, group.name or "")


def help_width() -> int:
    """Columns for a page of help."""
    return min(shutil.get_terminal_size().columns, _WIDEST) - 2


def _block(lines: tuple[str, ...]) -> str:
    # The control character keeps typer from filling the lines.
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)]) if lines else ""


def _write_sections(command: TyperCommand | TyperGroup, ctx: Context, formatter: HelpFormatter) -> None:
    sections: dict[str, list[Record]] = {}
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is not None:
            own = "Arguments" if parameter.param_type_name == "argument" else _OPTIONS
            title = COMMON if parameter.name == "help" else getattr(parameter, "rich_help_panel", None) or own
            sections.setdefault(title, []).append(record)
    for title in sorted(sections, key=_place):
        with formatter.section(title):
            formatter.write_dl(sections[title], col_max=_column(formatter))


def _place(title: str) -> int:
    """The command's own sections first, the common one last."""
    return {"Arguments": 0, _OPTIONS: 1, COMMON: 3}.get(title, 2)


def _column(formatter: HelpFormatter) -> int:
    """Cells for names; in a narrow terminal what they mean stands below them."""
    return 30 if formatter.width >= _NARROW else 4
