"""What can be said of an index at a glance: nothing but the manifest is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragchat.index.lock import holder_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ragchat.index.collection import Collection


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes on the disk: of the texts, of the segments with words and vectors, and of ChromaDB."""

    texts: int
    segments: int
    chromadb: int

    @property
    def total(self) -> int:
        """All together."""
        return self.texts + self.segments + self.chromadb


@dataclass(frozen=True, slots=True)
class Status:
    """What a collection is and what it takes.

    `segment_chunks` were written, of which `buried` are gone. `is_current`: this release's readers, splitter and
    terms made every document. `is_settled`: no writer was stopped before the vectors followed. `is_outdated`: an
    older release wrote what this one cannot search. `writer` says who is writing now.
    """

    name: str
    embedder: str | None
    documents: int
    chunks: int
    generation: int
    segments: int
    segment_chunks: int
    buried: int
    is_current: bool
    is_settled: bool
    is_outdated: bool
    writer: str | None
    sizes: Sizes


def status_of(collection: Collection) -> Status:
    """The status of `collection`; ChromaDB is not loaded. Raises `IndexDamaged`."""
    manifest = collection.manifest
    inventory = manifest.inventory()
    documents, chunks = manifest.counts()
    return Status(
        name=collection.name,
        embedder=collection.embedder,
        documents=documents,
        chunks=chunks,
        generation=inventory.generation,
        segments=len(inventory.segments),
        segment_chunks=sum(record.chunks for record in inventory.segments),
        buried=len(inventory.buried),
        is_current=not collection.is_of_another_recipe,
        is_settled=not manifest.is_unsettled,
        is_outdated=manifest.is_outdated,
        writer=holder_of(collection.folder),
        sizes=sizes_of(collection),
    )


def sizes_of(collection: Collection) -> Sizes:
    """What `collection` takes on the disk now."""
    return Sizes(
        texts=_bytes(collection.folder.glob("index.db*")),
        segments=_bytes((collection.folder / "segments").glob("*")),
        chromadb=_bytes(collection.vectors_folder.rglob("*")),
    )


def _bytes(paths: Iterable[Path]) -> int:
    return sum(_size(path) for path in paths)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except FileNotFoundError:  # a writer has just removed it
        return 0
