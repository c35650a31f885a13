"""The commands as one program."""

from __future__ import annotations

from typing import Annotated

import typer

from ragchat import __version__
from ragchat.cli import bench, collection, config, docs, embedder, index, sessions
from ragchat.cli.ask import ask
from ragchat.cli.building import build
from ragchat.cli.chat_command import chat
from ragchat.cli.command import Group, equip, help_width
from ragchat.cli.completion import VARIABLE, completion, listen
from ragchat.cli.doctor import doctor
from ragchat.cli.ingest import ingest
from ragchat.cli.misuse import misused
from ragchat.cli.search import search
from ragchat.cli.usage import usage
from ragchat.errors import Interrupted

_EPILOG = """\
\b
Examples:
  ragchat ingest data/food
  ragchat ask "What is tahdig?"
  ragchat chat

Exit status: 0 fine, 1 failed, 2 wrong use, 3 nothing indexed, 4 nothing found,
5 the provider asked for failed, 7 a setting is wrong, 130 interrupted,
141 when nobody reads the output any more.

`ragchat COMMAND --help` says more of each. Without a command, it is `chat`.
"""

app = typer.Typer(
    name="ragchat",
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Ask your own documents in the terminal, and see where every answer comes from.",
    epilog=_EPILOG,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(ask)
app.command()(chat)
app.command()(search)
app.command()(ingest)
app.command()(usage)
app.command()(doctor)
app.command()(completion)
app.add_typer(docs.app, name="docs")
app.add_typer(collection.app, name="collection")
app.add_typer(sessions.app, name="sessions")
app.add_typer(index.app, name="index")
app.add_typer(embedder.app, name="embedder")
app.add_typer(bench.app, name="bench")
app.add_typer(config.app, name="config")
equip(app)


@app.callback(invoke_without_command=True)
def ragchat(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    """Ask your own documents in the terminal, and see where every answer comes from."""
    if version:
        typer.echo(f"ragchat {__version__}")
    elif context.invoked_subcommand is None:
        chat()


def call(arguments: list[str]) -> int:
    """Call the command that `arguments` name, and return its exit status; raises what it raises.

    Raises `UsageError` for a line that cannot be read.
    """
    listen()
    try:
        program = build(app)
        status = program(args=arguments, standalone_mode=False, complete_var=VARIABLE, terminal_width=help_width())
    except typer.Abort as error:
        raise Interrupted("Interrupted.") from error
    except typer.TyperException as error:
        raise misused(error) from error
    return status if isinstance(status, int) else 0  # of a `typer.Exit`
