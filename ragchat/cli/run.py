"""A call of the program from its arguments to its exit status: the one place where an error becomes a sentence."""

from __future__ import annotations

import os
import sys
import traceback
from typing import TYPE_CHECKING

from ragchat.cli.output import print_error
from ragchat.cli.quiet import QUIET
from ragchat.errors import Interrupted, RagchatError, StorageError

if TYPE_CHECKING:
    from collections.abc import Sequence

READER_GONE = 141
"""As of the tools that SIGPIPE ends, 128 + 13: a script can tell that it did not get everything."""


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
        settle()


def _called(arguments: list[str]) -> int:
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    QUIET.set(not {"-q", "--quiet"}.isdisjoint(options))
    try:
        status = _dispatched(arguments)
        if sys.stdout:  # None when it was closed before the program started
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except (Exception, KeyboardInterrupt) as error:
        if "--debug" in options:
            traceback.print_exc()
        heard = settle()
        return _report(_as_ours(error), as_json=heard and "--json" in options)
    return status


def _dispatched(arguments: list[str]) -> int:
    """The exit status. What makes commands of the line keeps the prompt waiting: a plain chat does without."""
    if arguments in ([], ["chat"]):
        from ragchat.cli.chat import converse  # noqa: PLC0415

        converse()
        return 0
    from ragchat.cli.main import call  # noqa: PLC0415

    return call(arguments)


def _as_ours(error: BaseException) -> RagchatError:
    if isinstance(error, RagchatError):
        return error
    if isinstance(error, (KeyboardInterrupt, EOFError)):
        return Interrupted("Interrupted.")
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
            settle()
        else:
            return error.exit_status
    terminal = terminal_here()
    terminal.err.print(failure(error, terminal.line_width))
    return error.exit_status


def settle() -> bool:
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
