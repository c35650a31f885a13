"""What typer says of a line it cannot read, as one sentence and a cure."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from ragchat.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import typer

# The words of the library that reads the values, and ours.
_SAID = (
    (re.compile(r"argument\(s\)"), "arguments"),
    (re.compile(r": Input should be less than or equal to (-?\d+)"), r": the most is \1"),
    (re.compile(r": Input should be greater than or equal to (-?\d+)"), r": the least is \1"),
    (re.compile(r": Input should be a valid integer.*"), ": it is not a whole number"),
    (re.compile(r": Input should be a valid number.*"), ": it is not a number"),
    (re.compile(r": Value error, "), ": "),
    (re.compile(r" \(Possible options: .*\)"), ""),
    (re.compile(r"Did you mean .*$"), ""),
)
_UNKNOWN = re.compile(r"No such (?:command|option):? '?([^\s'.(]+)")
_UNQUOTED = "unexpected extra argument"


def misused(error: typer.TyperException) -> UsageError:
    """The sentence, and the nearest word or the page of help that says more."""
    message = told = error.format_message()
    for pattern, ours in _SAID:
        message = pattern.sub(ours, message)
    message = message.strip()
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "ragchat"
    near = _nearest(told, context.command) if context is not None else None
    hint = f"Did you mean {near}? " if near else ""
    if _UNQUOTED in told and path.endswith((" ask", " search")):
        hint = f'Put words that belong together in quotation marks: {path} "…". '
    return UsageError(message if message.endswith((".", "?", "!")) else f"{message}.", f"{hint}See {path} --help.")


def _nearest(message: str, command: object) -> str | None:
    """The command or option that is most like the one that nobody knows."""
    unknown = _UNKNOWN.match(message)
    if unknown is None:
        return None
    parameters = getattr(command, "params", ())
    commands: Iterable[str] = getattr(command, "commands", {})
    options = (name for parameter in parameters for name in parameter.opts if name.startswith("--"))
    return next(iter(get_close_matches(unknown[1], [*commands, *options], n=1)), None)
