"""`ragchat sessions`: the conversations that were kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragchat.cli import completion
from ragchat.cli.options import HomeOption, JsonOption
from ragchat.cli.output import print_result
from ragchat.errors import UsageError
from ragchat.terminal.views.quantities import counted

if TYPE_CHECKING:
    from ragchat.cli.desk import Desk
    from ragchat.conversation.entry import Entry
    from ragchat.conversation.store import Conversations

# A hundred years; dates do not go back without end.
_MOST_DAYS = 36_500

app = typer.Typer(help="List, show, export, rename and remove the conversations that were kept.")

SessionArgument = Annotated[
    str,
    typer.Argument(
        metavar="SESSION",
        help="Its number, id or name in `sessions list`, or how one begins.",
        autocompletion=completion.sessions,
    ),
]
OptionalSessionArgument = Annotated[
    str | None,
    typer.Argument(metavar="[SESSION]", help="As for `show`.", autocompletion=completion.sessions),
]
NewNameArgument = Annotated[str, typer.Argument(metavar="NAME", help="What it is called from now on.")]
FileOption = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to this file instead of stdout.")
]
AllOption = Annotated[bool, typer.Option("--all", help="Remove every session.")]
OlderOption = Annotated[
    int | None,
    typer.Option(
        "--older-than",
        metavar="DAYS",
        min=0,
        max=_MOST_DAYS,
        help="Remove those that were not used for so many days.",
    ),
]


@app.command("list")
def list_sessions(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the sessions, the latest first."""
    from ragchat.terminal.views.sessions import sessions  # noqa: PLC0415

    desk, conversations = _opened(home, as_json=as_json)
    entries = conversations.list()
    if as_json:
        print_result({"sessions": [_shape(entry) for entry in entries]})
    elif entries:
        desk.terminal.out.print(sessions(entries, desk.terminal.line_width))
    else:
        desk.note("No conversation is kept yet.")


@app.command("show")
def show_session(session: SessionArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show a session: questions, answers and sources."""
    from ragchat.conversation.export import as_shape  # noqa: PLC0415
    from ragchat.terminal.views.sessions import session as shown  # noqa: PLC0415

    desk, conversations = _opened(home, as_json=as_json)
    entry = conversations.find(session)
    turns = conversations.load(entry.id)
    if as_json:
        print_result(as_shape(entry, turns))
    else:
        terminal = desk.terminal
        terminal.out.print(shown(entry, turns, terminal.directory, terminal.line_width, links=terminal.links))


@app.command("export")
def export_session(
    session: SessionArgument, output: FileOption = None, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Write a session as Markdown, or with --json as JSON that holds everything."""
    from ragchat.conversation import export  # noqa: PLC0415
    from ragchat.terminal.sanitise import visible  # noqa: PLC0415

    desk, conversations = _opened(home, as_json=as_json)
    entry = conversations.find(session)
    turns = conversations.load(entry.id)
    if output is not None:
        _write(
            output,
            export.as_json(entry, turns) if as_json else export.as_markdown(entry, turns, desk.terminal.directory),
        )
        _tell(
            desk, f"{entry.id} exported to {output}", {"exported": entry.id, "file": str(output)}, as_json=as_json
        )
    elif as_json:
        print_result(export.as_shape(entry, turns))
    else:
        desk.terminal.out.print(visible(export.as_markdown(entry, turns, desk.terminal.directory)), end="")


@app.command("rename")
def rename_session(
    session: SessionArgument, name: NewNameArgument, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Give a session another name."""
    desk, conversations = _opened(home, as_json=as_json)
    entry = conversations.find(session)
    now = conversations.rename(entry.id, name)
    _tell(desk, f"{entry.id} is called {now}", {"renamed": entry.id, "name": now}, as_json=as_json)


@app.command("remove")
def remove_sessions(
    session: OptionalSessionArgument = None,
    everything: AllOption = False,
    older_than: OlderOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove a session, all of them, or old ones: nothing of them is left in the files."""
    if [session is not None, everything, older_than is not None].count(True) != 1:
        raise UsageError(
            "What shall be removed?", "Name one session, or say --all or --older-than DAYS: one of the three."
        )
    desk, conversations = _opened(home, as_json=as_json)
    if session is not None:
        conversations.remove(conversations.find(session).id)
        removed = 1
    elif older_than is not None:
        removed = conversations.remove_older_than(older_than)
    else:
        removed = conversations.remove_all()
    _tell(desk, f"{counted(removed, 'session')} removed", {"removed": removed}, as_json=as_json)


def _opened(home: Path | None, *, as_json: bool) -> tuple[Desk, Conversations]:
    from ragchat.cli.desk import open_desk  # noqa: PLC0415

    desk = open_desk({"home": home}, as_json=as_json)
    conversations = desk.workspace.conversations
    for notice in conversations.notices:
        desk.note(notice)
    return desk, conversations


def _tell(desk: Desk, sentence: str, result: dict[str, object], *, as_json: bool) -> None:
    from ragchat.terminal.sanitise import visible_line  # noqa: PLC0415

    if as_json:
        print_result(result)
    else:
        desk.terminal.out.print(visible_line(sentence))


def _write(file: Path, text: str) -> None:
    """Write what only its owner shall read; raises `OSError`."""
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(opened, "w", encoding="utf-8") as stream:
        stream.write(text)


def _shape(entry: Entry) -> dict[str, object]:
    return {
        "id": entry.id,
        "name": entry.name,
        "collection": entry.collection,
        "questions": entry.questions,
        "began_at": entry.began_at.isoformat(),
        "last_at": entry.last_at.isoformat(),
    }
