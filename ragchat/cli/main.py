"""The commands as one program, and the one place where an error becomes a sentence and an exit status."""

from __future__ import annotations

import os
import sys
import traceback
from typing import TYPE_CHECKING, Annotated

import typer

from ragchat import __version__
from ragchat.cli import bench, collection, config, docs, embedder, index, sessions
from ragchat.cli.ask import ask
from ragchat.cli.chat import chat
from ragchat.cli.completion import VARIABLE, completion, listen
from ragchat.cli.doctor import doctor
from ragchat.cli.ingest import ingest
from ragchat.cli.output import print_error
from ragchat.cli.search import search
from ragchat.cli.usage import usage
from ragchat.errors import Interrupted, RagchatError, StorageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPILOG = """\
Exit status: 0 fine, 1 failed, 2 wrong use, 3 nothing indexed, 4 nothing found,
5 the provider asked for failed, 7 a setting is wrong, 130 interrupted.
"""

app = typer.Typer(
    name="ragchat",
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


@app.callback(invoke_without_command=True)
def ragchat(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")] = False,  # noqa: ARG001 - read by `run`
) -> None:
    """Ask your own documents in the terminal, and see where every answer comes from."""
    if version:
        typer.echo(f"ragchat {__version__}")
    elif context.invoked_subcommand is None:
        chat()


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit status; nothing but a signal gets past here."""
    try:
        return _called(list(arguments))
    except BrokenPipeError:
        return 0  # whoever read our output has gone, and wants no complaint
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):  # typer ends the program by itself then
            return 0
        raise
    finally:
        _settle()


def _called(arguments: list[str]) -> int:
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    try:
        listen()
        status = app(args=arguments, standalone_mode=False, complete_var=VARIABLE)
        if sys.stdout:  # None when it was closed before the program started
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except (Exception, KeyboardInterrupt) as error:
        if "--debug" in options:
            traceback.print_exc()
        _settle()
        return _report(_as_ours(error), as_json="--json" in options)
    return status if isinstance(status, int) else 0  # of a `typer.Exit`


def _as_ours(error: BaseException) -> RagchatError:
    if isinstance(error, RagchatError):
        return error
    if isinstance(error, (KeyboardInterrupt, typer.Abort)):
        return Interrupted("Interrupted.")
    if isinstance(error, typer.TyperException):
        return _misused(error.format_message())
    if isinstance(error, OSError) and error.strerror:
        what = f"{error.filename}: " if error.filename else ""
        return StorageError(
            f"Cannot read or write: {what}{error.strerror}.", "Check the disk and the permissions."
        )
    return RagchatError(
        f"Something went wrong inside ragchat: {type(error).__name__}: {error}",
        "Run it again as `ragchat --debug …` and report what it shows.",
    )


def _misused(message: str) -> UsageError:
    hint = "See ragchat --help, or ragchat COMMAND --help."
    if "unexpected extra argument" in message:
        hint = 'Put a question of several words in quotation marks: ragchat ask "How …?"'
    return UsageError(message if message.endswith((".", "?", "!")) else f"{message}.", hint)


def _report(error: RagchatError, *, as_json: bool) -> int:
    from ragchat.terminal.console import terminal_here  # noqa: PLC0415
    from ragchat.terminal.views.failure import failure  # noqa: PLC0415

    if as_json:
        print_error(error)
    else:
        terminal = terminal_here()
        terminal.err.print(failure(error, terminal.line_width))
    return error.exit_status


def _settle() -> None:
    """Leave nothing unwritten behind: whoever writes next would stumble over it, the interpreter's end too."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
