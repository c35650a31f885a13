"""The commands, each in one record, from which help and completion are made."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from ragchat.errors import UsageError
from ragchat.terminal.commands import choosing, documents, kept, opening, show, talk, upkeep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ragchat.terminal.chat import Chat

_WORDS = {"exit", "help", "quit"}
_COMMAND = re.compile(r"/([^\s/]*)(?:\s+(.*))?", re.DOTALL)


Completions: TypeAlias = "Callable[[Chat, str], Iterable[str]]"
"""What may stand behind a command, given what is typed of it."""


@dataclass(frozen=True, slots=True)
class Command:
    """`/name arguments`; `run` is given the conversation and what stands behind the name.

    `complete` offers what may stand there, `paths` files and folders.
    """

    name: str
    help: str
    run: Callable[[Chat, str], None]
    arguments: str = ""
    aliases: tuple[str, ...] = ()
    complete: Completions | None = None
    paths: bool = False

    @property
    def usage(self) -> str:
        """How it is typed."""
        return f"/{self.name} {self.arguments}".rstrip()

    @property
    def needs_arguments(self) -> bool:
        """Whether it says nothing alone."""
        return bool(self.arguments) and not self.arguments.startswith("[")


COMMANDS: Final = (
    Command("help", "what can be typed here", talk.show_help, aliases=("?",)),
    Command(
        "retry",
        "ask the last question again, of another provider or model if named",
        talk.retry,
        "[NAME]",
        complete=choosing.writers,
    ),
    Command("edit", "change the last question and ask it anew", talk.edit),
    Command("undo", "take the last question and its answer back", talk.undo),
    Command("copy", "the last answer to the clipboard", talk.copy),
    Command("sources", "the passages behind the last answer, in full", show.sources),
    Command("open", "open a source in your editor, where it is cited", opening.open_source, "[N]"),
    Command("why", "how the passages were found, and what was dropped", show.explain),
    Command("new", "begin another session; this one is kept", talk.new),
    Command(
        "sessions",
        "the sessions that are kept; remove SESSION removes one",
        kept.sessions,
        "[remove SESSION]",
    ),
    Command("resume", "go on with a session, or the one before", kept.resume, "[SESSION]", complete=kept.names),
    Command("rename", "call this session something", kept.rename, "NAME"),
    Command("export", "write this session as Markdown, or to FILE.json", kept.export, "[FILE]", paths=True),
    Command("docs", "the documents that are indexed", documents.docs, "[GLOB]", complete=documents.sources),
    Command("ingest", "index files and folders, or this folder", documents.ingest, "[PATH…]", paths=True),
    Command(
        "remove",
        "take documents out of the index; their files stay",
        documents.remove,
        "SOURCE…",
        complete=documents.sources,
    ),
    Command(
        "provider",
        "let one provider answer, or auto: all in turn",
        choosing.provider,
        "[NAME]",
        complete=choosing.providers,
    ),
    Command("model", "let another model answer", choosing.model, "[NAME]", complete=choosing.models),
    Command("local-only", "send nothing to another machine; off takes it back", choosing.local_only, "[off]"),
    Command(
        "set", "show or change a setting for now", choosing.change, "[NAME VALUE]", complete=choosing.settings
    ),
    Command(
        "usage",
        "what everything took, by provider, model, day or arm",
        upkeep.usage,
        "[BY]",
        complete=upkeep.groupings,
    ),
    Command("budget", "what remains of each budget", upkeep.budget),
    Command("theme", "show answers in other colours", choosing.theme, "[NAME]", complete=choosing.themes),
    Command("doctor", "what is wrong, and the cure", upkeep.doctor),
    Command("multiline", "Enter begins a new line, and Alt-Enter sends", talk.multiline),
    Command("clear", "begin another session and clear the screen", talk.clear),
    Command("quit", "leave (also Ctrl-D)", talk.leave, aliases=("exit", "q")),
)


def parse(line: str) -> tuple[Command, str] | None:
    """The command `line` calls, and its arguments; None for a question, even one that begins with a path.

    A lone `quit`, `exit` or `help` is meant as the command. Raises `UsageError` for a command that does not
    exist, takes no arguments or needs some.
    """
    line = line.strip()
    found = _COMMAND.fullmatch(f"/{line}" if line.lower() in _WORDS else line)
    if found is None:
        return None
    command, arguments = _named(found[1]), (found[2] or "").strip()
    if arguments and not command.arguments:
        raise UsageError(f"/{found[1]} takes no arguments.", f"Type /{found[1]} alone.")
    if not arguments and command.needs_arguments:
        raise UsageError(f"/{found[1]} needs {command.arguments}.", f"Type {command.usage}.")
    return command, arguments


def _named(name: str) -> Command:
    by_name = {word: command for command in COMMANDS for word in (command.name, *command.aliases)}
    if name.lower() in by_name:
        return by_name[name.lower()]
    nearest = difflib.get_close_matches(name.lower(), by_name, n=1)
    meant = f"Did you mean /{nearest[0]}? " if nearest else ""
    raise UsageError(f"There is no command /{name}.", f"{meant}/help lists them all.")
