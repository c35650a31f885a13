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
from ragchat.cli.command import Group, equip, help_width
from ragchat.cli.completion import VARIABLE, completion, listen
from ragchat.cli.doctor import doctor
from ragchat.cli.ingest import ingest
from ragchat.cli.misuse import misused
from ragchat.cli.output import print_error
from ragchat.cli.quiet import QUIET
from ragchat.cli.search import search
from ragchat.cli.usage import usage
from ragchat.errors import Interrupted, RagchatError, StorageError

if TYPE_CHECKING:
    from collections.abc import Sequence

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

READER_GONE = 141
"""As of the tools that SIGPIPE ends, 128 + 13: a script can tell that it did not get everything."""

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


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit status; nothing but a signal gets past here."""
    try:
        return _called(list(arguments))
    except (BrokenPipeError, SystemExit) as error:
        # Typer makes an exit with status 1 of it.
        if isinstance(error, BrokenPipeError) or isinstance(error.__context__, BrokenPipeError):
            return READER_GONE
        raise
    finally:
        _settle()


def _called(arguments: list[str]) -> int:
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    QUIET.set(not {"-q", "--quiet"}.isdisjoint(options))
    try:
        listen()
        status = app(args=arguments, standalone_mode=False, complete_var=VARIABLE, terminal_width=help_width())
        if sys.stdout:  # None when it was closed before the program started
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except (Exception, KeyboardInterrupt) as error:
        if "--debug" in options:
            traceback.print_exc()
        heard = _settle()
        return _report(_as_ours(error), as_json=heard and "--json" in options)
    return status if isinstance(status, int) else 0  # of a `typer.Exit`


def _as_ours(error: BaseException) -> RagchatError:
    if isinstance(error, RagchatError):
        return error
    if isinstance(error, (KeyboardInterrupt, typer.Abort)):
        return Interrupted("Interrupted.")
    if isinstance(error, typer.TyperException):
        return misused(error)
    if isinstance(error, OSError) and error.strerror:
        what = f"{error.filename}: " if error.filename else ""
        return StorageError(
            f"Cannot read or write: {what}{error.strerror}.", "Check the disk and the permissions."
        )
    return RagchatError(
        f"Something went wrong inside ragchat: {type(error).__name__}: {error}",
        "Run it again as `ragchat --debug …` and report what it shows.",
    )


def _report(error: RagchatError, *, as_json: bool) -> int:
    from ragchat.terminal.console import terminal_here  # noqa: PLC0415
    from ragchat.terminal.views.failure import failure  # noqa: PLC0415

    if as_json:
        try:
            print_error(error)
        except BrokenPipeError:
            raise
        except OSError:  # the disk behind stdout is full, which may be the very error
            _settle()
        else:
            return error.exit_status
    terminal = terminal_here()
    terminal.err.print(failure(error, terminal.line_width))
    return error.exit_status


def _settle() -> bool:
    """Leave nothing unwritten behind: whoever writes next would stumble over it, the interpreter's end too.

    Whether stdout took everything; a stream that takes no more leads nowhere from now on.
    """
    taken = True
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            taken = taken and stream is not sys.stdout
    return taken
