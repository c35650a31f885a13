"""Commands about what is indexed."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ragchat.core.place import relative_source
from ragchat.errors import UsageError
from ragchat.index.naming import meant
from ragchat.terminal.paths import path_in
from ragchat.terminal.views.documents import documents
from ragchat.terminal.views.ingest import ingested
from ragchat.terminal.views.quantities import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ragchat.terminal.chat import Chat


def docs(chat: Chat, pattern: str) -> None:
    """List the documents, or those that `pattern` matches."""
    terminal, records = chat.terminal, chat.open().collection.manifest.documents()
    if pattern:
        wanted = set(meant([pattern], records, terminal.directory))
        records = [record for record in records if record.source in wanted]
    terminal.out.print(documents(records, terminal.directory, terminal.line_width))


def ingest(chat: Chat, paths: str) -> None:
    """Ingest files and folders into the collection of this conversation; this folder when none is named."""
    opened, directory = chat.open(), chat.terminal.directory
    chosen = [path_in(directory, path) for path in _words(paths)] or [directory]
    report, reason = opened.desk.ingest(chosen, opened.collection.name)
    chat.terminal.out.print(ingested(report, directory, chat.terminal.line_width))
    if reason:
        chat.say(reason)
    chat.renew()


def remove(chat: Chat, sources: str) -> None:
    """Remove documents, or what globs match, from the index; their files stay."""
    opened = chat.open()
    found = meant(_words(sources), opened.collection.manifest.documents(), chat.terminal.directory)
    if not opened.desk.confirmed(f"Remove {counted(len(found), 'document')} from the index?"):
        chat.say("Nothing was removed.")
        return
    opened.collection.remove(found)
    chat.say(f"{counted(len(found), 'document')} removed; the files are where they were.")
    chat.renew()


def sources(chat: Chat, _typed: str) -> Iterable[str]:
    """The documents, for completion."""
    if chat.ready is None:
        return ()
    directory = chat.terminal.directory
    records = chat.ready.collection.manifest.documents()
    return [shlex.quote(relative_source(record.source, directory)) for record in records]


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise UsageError(f"This cannot be read: {text}", "Close its quotation marks.") from error
