"""Commands about the sessions that are kept."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ragchat.conversation.entry import Entry
from ragchat.conversation.export import as_json, as_markdown
from ragchat.errors import UsageError
from ragchat.terminal.paths import path_in, shown_path
from ragchat.terminal.sanitise import visible_line
from ragchat.terminal.views.quantities import counted
from ragchat.terminal.views.sessions import sessions as listed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ragchat.conversation.session import Session
    from ragchat.conversation.store import Conversations
    from ragchat.terminal.chat import Chat

_REMOVE = "remove"
_ANOTHER = "Name another file: /export FILE"


def sessions(chat: Chat, arguments: str) -> None:
    """List the sessions; `remove SESSION` removes one, with everything in it."""
    conversations = _conversations(chat)
    word, _, which = arguments.partition(" ")
    if word == _REMOVE and which.strip():
        _remove(chat, conversations, which.strip())
    elif arguments:
        raise UsageError(f"/sessions knows no {arguments}.", "Type /sessions, or /sessions remove SESSION.")
    elif entries := conversations.list():
        chat.terminal.out.print(listed(entries, chat.terminal.line_width))
    else:
        chat.say("No session is kept yet.")


def resume(chat: Chat, which: str) -> None:
    """Go on with a stored session, the one before this when `which` is empty."""
    conversations, session = _conversations(chat), chat.open().session
    if which:
        entry = conversations.find(which)
    elif others := [one for one in conversations.list() if _may_follow(one, session)]:
        entry = others[0]
    else:
        raise UsageError("There is no other session.", "Ask something: it will be kept.")
    session.resume(entry.id)
    chat.say(f"Going on with “{visible_line(entry.name)}”, {counted(entry.questions, 'question')}.")


def rename(chat: Chat, name: str) -> None:
    """Call this session `name`."""
    session = chat.open().session
    session.rename(name)
    chat.say(f"This session is called {visible_line(session.name)}.")


def export(chat: Chat, file: str) -> None:
    """Write this session to `file`, as JSON where its name ends so, else as Markdown; never over another file."""
    session, directory = chat.open().session, chat.terminal.directory
    if not session.turns:
        raise UsageError("There is nothing to export yet.", "Ask a question first.")
    entry = _entry(chat)
    path = path_in(directory, file or f"ragchat-{entry.id or 'session'}.md")
    text = (
        as_json(entry, session.turns)
        if path.suffix.lower() == ".json"
        else as_markdown(entry, session.turns, directory)
    )
    _write(path, text)
    chat.say(f"Exported to {shown_path(str(path), directory)}")


def names(chat: Chat, _typed: str) -> Iterable[str]:
    """The numbers and names of the sessions, for completion."""
    ready = chat.ready
    if ready is None:
        return ()
    return [entry.name for entry in ready.desk.workspace.conversations.list()]


def _remove(chat: Chat, conversations: Conversations, which: str) -> None:
    entry = conversations.find(which)
    shown = f"“{visible_line(entry.name)}”, {counted(entry.questions, 'question')}"
    if not chat.open().desk.confirmed(f"Remove {shown}, for good?"):
        chat.say("Nothing was removed.")
        return
    conversations.remove(entry.id)
    if entry.id == chat.open().session.id:
        chat.forget()
    chat.say("Removed.")


def _may_follow(entry: Entry, session: Session) -> bool:
    return entry.id != session.id and entry.collection == session.collection


def _conversations(chat: Chat) -> Conversations:
    workspace = chat.open().desk.workspace
    if workspace.settings.conversation.storage == "off":
        raise UsageError("Sessions are not kept.", "Set RAGCHAT_CONVERSATIONS=keep, and begin again.")
    return workspace.conversations


def _entry(chat: Chat) -> Entry:
    """What the export says of this session, which need not be kept."""
    opened = chat.open()
    session, workspace = opened.session, opened.desk.workspace
    if session.id:
        return workspace.conversations.find(session.id)
    began, now = session.turns[0].at, datetime.now(UTC)
    return Entry("", session.turns[0].question, session.collection, len(session.turns), began, now)


def _write(path: Path, text: str) -> None:
    """Write what only its owner shall read; raises `UsageError` where a file is already."""
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UsageError(f"{path.name} is there already.", _ANOTHER) from error
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.", _ANOTHER) from error
    try:
        with os.fdopen(opened, "w", encoding="utf-8", errors="replace") as stream:
            stream.write(text)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise UsageError(f"{path} cannot be written: {error.strerror}.", _ANOTHER) from error
