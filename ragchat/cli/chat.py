"""A conversation, as `ragchat chat` begins it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat import __version__
from ragchat.cli.quiet import QUIET
from ragchat.errors import NothingIndexed, StorageError, UsageError
from ragchat.terminal.sanitise import visible_line
from ragchat.terminal.views.quantities import counted

if TYPE_CHECKING:
    from pathlib import Path

    from ragchat.cli.desk import Desk
    from ragchat.conversation.entry import Entry
    from ragchat.conversation.session import Session
    from ragchat.conversation.store import Conversations
    from ragchat.core.choices import ProviderChoice
    from ragchat.index.collection import Collection


def converse(
    docs: Path | None = None,
    collection: str | None = None,
    source: str | None = None,
    provider: ProviderChoice | None = None,
    local_only: bool = False,
    top_k: int | None = None,
    last: bool = False,
    resume: str | None = None,
    home: Path | None = None,
) -> None:
    """Hold the conversation that the options of the command ask for. Raises as `Repl.run`."""
    from ragchat.terminal.chat import Opened  # noqa: PLC0415
    from ragchat.terminal.console import terminal_here  # noqa: PLC0415
    from ragchat.terminal.loading import require_person  # noqa: PLC0415
    from ragchat.terminal.preferences import Preferences  # noqa: PLC0415
    from ragchat.terminal.repl import Repl  # noqa: PLC0415

    flags = {"home": home, "retrieval.top_k": top_k, "privacy.cloud": "never" if local_only else None}
    begun: list[tuple[Desk, Collection, Session]] = []

    def begin() -> Preferences:
        from ragchat.cli.desk import open_desk  # noqa: PLC0415

        if docs is not None:
            require_person()  # whom the ingest tells how far it is
        desk = open_desk(flags)
        workspace = desk.workspace
        conversations = _conversations(desk, needed=last or resume is not None)
        stored = _chosen(conversations, resume, last=last)
        name = stored.collection if stored and docs is None and collection is None else collection
        if docs is None and name is None and not workspace.library.has_documents():
            require_person()
            _offer_this_folder(desk)
        target = desk.collection(name, docs)
        # Not with `open_session`: it may ask for consent, and what it raises ends the chat.
        session = workspace.session(target, provider, source, conversations)
        if stored:
            session.resume(stored.id)
            desk.note(f"Going on with “{visible_line(stored.name)}”, {counted(stored.questions, 'question')}.")
        begun.append((desk, target, session))
        settings = workspace.settings
        # What is encrypted in one file should not stand readable in another.
        file = settings.home / "history" if settings.conversation.encryption == "off" else None
        return Preferences(file, settings.terminal.editing, settings.terminal.theme)

    def open_session() -> Opened:
        desk, target, session = begun[-1]
        # The first search loads what is heavy; better now than behind the first question.
        target.warm_up()
        return Opened.of(session, desk, target, provider)

    Repl(terminal_here(quiet=QUIET.get()), open_session, version=__version__, begin=begin).run()


def _conversations(desk: Desk, *, needed: bool) -> Conversations | None:
    """Where the session is kept; None where it is not, and where the store fails, which is told.

    Raises `UsageError` for a wrong passphrase. One that is `needed` is raised for, too.
    """
    if desk.workspace.settings.conversation.storage == "off":
        if needed:
            raise UsageError("Conversations are not kept.", "Set RAGCHAT_CONVERSATIONS=keep to go on with one.")
        return None
    try:
        conversations = desk.workspace.conversations
    except StorageError as error:
        if needed:
            raise
        desk.note(f"This conversation is not kept. {error.message} {error.hint}")
        return None
    for notice in conversations.notices:
        desk.note(notice)
    return conversations


def _chosen(conversations: Conversations | None, resume: str | None, *, last: bool) -> Entry | None:
    """The session to go on with; raises `UsageError` when there is none such."""
    if resume is not None and last:
        raise UsageError("--continue and --resume name two sessions.", "Leave one of them out.")
    if conversations is None or not (last or resume is not None):
        return None
    if resume is not None:
        return conversations.find(resume)
    if not (entries := conversations.list()):
        raise UsageError("There is no session to go on with.", "Begin one: ragchat chat")
    return entries[0]


def _offer_this_folder(desk: Desk) -> None:
    """Ask whether the working directory should be ingested; raises `NothingIndexed` when it is not."""
    from ragchat.terminal.views.ingest import ingested  # noqa: PLC0415

    terminal = desk.terminal
    if not terminal.interactive:
        raise NothingIndexed
    if not desk.confirmed(f"Nothing is indexed yet. Ingest this folder, {terminal.directory}?"):
        raise NothingIndexed
    report, reason = desk.ingest([terminal.directory])
    terminal.out.print(ingested(report, terminal.directory, terminal.line_width))
    desk.note(reason)
    if not desk.workspace.library.has_documents():
        raise NothingIndexed("Nothing in this folder can be read.", "Ingest another: ragchat ingest PATH")
