"""A knowledge base on disk: a folder with a manifest, vectors and a writer's lock."""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from ragchat.core.document import identity
from ragchat.errors import EmbedderMismatch, IndexBusy, NothingIndexed, UsageError
from ragchat.index.lock import REMOVED, WAIT_S, writing
from ragchat.index.manifest import Manifest
from ragchat.storage.database import private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ragchat.index.vectors import Vectors

DEFAULT = "default"
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}")


class Collection:
    """The collection `name` below `home`, made at first use when it is not there.

    Raises `UsageError` for a name that cannot be one, `StorageError` and, at first use, `IndexDamaged` for what
    is on the disk.
    """

    def __init__(self, home: Path, name: str = DEFAULT) -> None:
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"A collection cannot be called {name!r}.",
                "Use up to 63 letters, digits, dots, hyphens and underscores, beginning with a letter or digit.",
            )
        self.name = name
        self.folder = private_folder(collection_folder(home, name))
        self._seen = -1

    @staticmethod
    def exists(home: Path, name: str = DEFAULT) -> bool:
        """Whether there is anything of this name; looking makes nothing."""
        return (collection_folder(home, name) / "index.db").is_file()

    @cached_property
    def manifest(self) -> Manifest:
        """Opened at first use: a damaged collection can be listed and removed."""
        return Manifest(self.folder / "index.db")

    @cached_property
    def vectors(self) -> Vectors:
        """Opened at first use: ChromaDB takes half a second to load."""
        from ragchat.index.vectors import Vectors  # noqa: PLC0415

        self._seen = self.manifest.generation
        return Vectors(self.folder / "vectors")

    @property
    def embedder(self) -> str | None:
        """The fingerprint of the embedder that made the vectors; None while there are none."""
        return self.manifest.embedder

    def adopt(self, fingerprint: str) -> None:
        """Bind an empty collection to an embedder; raises `EmbedderMismatch` when it is bound to another.

        The writer's lock must be held.
        """
        if self.embedder != fingerprint and not any(self.manifest.counts()):
            if self.embedder is not None:
                self.vectors.clear()  # they may have had another width
            self.manifest.bind(fingerprint)
        self.require(fingerprint)

    def require(self, fingerprint: str) -> None:
        """Raise `EmbedderMismatch` unless the vectors are of this embedder."""
        if self.embedder not in (None, fingerprint):
            raise EmbedderMismatch(
                f"The collection `{self.name}` was embedded by {self.embedder}, not by {fingerprint}.",
                f"To change it, run `ragchat collection remove {self.name}` and ingest again.",
            )

    def require_documents(self) -> None:
        """Raise `NothingIndexed` when there is none."""
        if not any(self.manifest.counts()):
            raise NothingIndexed

    def refresh(self) -> None:
        """See what other processes have changed since the last look."""
        generation = self.manifest.generation
        if generation != self._seen:
            self._reopen()
            self._seen = generation

    def warm_up(self) -> None:
        """Load what the first search needs."""
        _ = self.vectors

    def close(self) -> None:
        """Let go of the files."""
        if "vectors" in self.__dict__:
            self.vectors.close()
        if "manifest" in self.__dict__:
            self.manifest.close()

    def remove(self, sources: list[str]) -> None:
        """Remove documents, all or none; raises `IndexBusy`."""
        with self.writing():
            self.settle(self.manifest.replace((), sources))

    def erase(self) -> None:
        """Remove the collection with everything in it; raises `IndexBusy`."""
        with writing(self.folder):
            self.close()
            # The manifest first: without it the rest is no collection, whatever happens meanwhile.
            for name in ("index.db", "index.db-wal", "index.db-shm"):
                (self.folder / name).unlink(missing_ok=True)
            shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def writing(self, wait_s: float = WAIT_S) -> Iterator[None]:
        """Hold the collection alone, and first finish what a writer that died left behind; raises `IndexBusy`."""
        with writing(self.folder, wait_s):
            if not self.manifest.is_there():
                raise IndexBusy(*REMOVED)
            # A client that was opened before somebody else wrote would write over it.
            self._reopen()
            self.settle(self.manifest.orphans())
            if self.has_lost_vectors():
                self.manifest.outdate()
            yield

    def has_lost_vectors(self) -> bool:
        """Whether somebody emptied the folder of the vectors."""
        _, chunks = self.manifest.counts()
        return chunks > 0 and self.vectors.is_empty()

    def settle(self, stale: list[str]) -> None:
        """Bring the vectors to what the manifest says; the writer's lock must be held."""
        if stale:
            self.vectors.remove(stale)
        self.manifest.settle()
        self._seen = self.manifest.generation

    def _reopen(self) -> None:
        if "vectors" in self.__dict__:
            self.vectors.reopen()


def collection_names(home: Path) -> list[str]:
    """What the collections below `home` are called, in order."""
    folder = home / "collections"
    return (
        sorted(path.name for path in folder.iterdir() if (path / "index.db").is_file()) if folder.is_dir() else []
    )


def folder_collection(path: Path) -> str:
    """The name of the collection that `--docs PATH` keeps for a path."""
    return f"docs-{identity(path.resolve())[:16]}"


def collection_folder(home: Path, name: str) -> Path:
    """Where the collection `name` lies, or would."""
    return home / "collections" / name
