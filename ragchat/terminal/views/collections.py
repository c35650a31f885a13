"""The collections, a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.errors import IndexDamaged
from ragchat.terminal.paths import shown_path
from ragchat.terminal.sanitise import visible_line
from ragchat.terminal.views.line import facts
from ragchat.terminal.views.quantities import counted

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ragchat.index.collection import Collection


def collections(found: Iterable[Collection], directory: Path, width: int | None) -> Text:
    """Name, or the path it is kept for, documents, chunks and embedder; or that it is damaged."""
    return Text("\n").join(_line(collection, directory, width) for collection in found)


def _line(collection: Collection, directory: Path, width: int | None) -> Text:
    try:
        documents, chunks = collection.manifest.counts()
        folder = collection.manifest.folder
        embedder = visible_line(collection.embedder or "")
    except IndexDamaged as error:
        return facts((collection.name, "damaged", error.hint), "error", width)
    name = collection.name if folder is None else f"{collection.name} (--docs {shown_path(folder, directory)})"
    parts = (name, counted(documents, "document"), counted(chunks, "chunk"), embedder)
    return facts(parts, "", width)
