"""The collections, a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from rich.text import Text

from ragchat.terminal.paths import shown_path
from ragchat.terminal.views.line import facts
from ragchat.terminal.views.quantities import counted

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Manifest(Protocol):
    """What a collection says of its contents."""

    @property
    def folder(self) -> str | None: ...

    def counts(self) -> tuple[int, int]: ...


class Collection(Protocol):
    """A collection, as far as it is shown."""

    @property
    def name(self) -> str: ...
    @property
    def embedder(self) -> str | None: ...
    @property
    def manifest(self) -> Manifest: ...


def collections(found: Iterable[Collection], directory: Path, width: int | None) -> Text:
    """Name, or the path it is kept for, documents, chunks and embedder."""
    return Text("\n").join(_line(collection, directory, width) for collection in found)


def _line(collection: Collection, directory: Path, width: int | None) -> Text:
    documents, chunks = collection.manifest.counts()
    folder = collection.manifest.folder
    name = collection.name if folder is None else f"{collection.name} (--docs {shown_path(folder, directory)})"
    parts = (name, counted(documents, "document"), counted(chunks, "chunk"), collection.embedder or "")
    return facts(parts, "", width)
