"""What lies in a home, by name: read from its folders and databases alone, while a person waits at Tab."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat.storage.glance import glance

if TYPE_CHECKING:
    from pathlib import Path


def collection_folder(home: Path, name: str) -> Path:
    """Where the collection `name` lies, or would."""
    return home / "collections" / name


def collection_names(home: Path) -> list[str]:
    """What the collections below `home` are called, in order."""
    folder = home / "collections"
    return (
        sorted(path.name for path in folder.iterdir() if (path / "index.db").is_file()) if folder.is_dir() else []
    )


def sources(home: Path, name: str) -> list[str]:
    """The documents of a collection, in order; none where that cannot be read at once. Nothing is made."""
    rows = glance(collection_folder(home, name) / "index.db", "SELECT source FROM documents ORDER BY source")
    return [str(source) for (source,) in rows]
