"""A knowledge base on disk: a folder with a manifest, segments, vectors and a writer's lock."""

from __future__ import annotations

import re
import secrets
import shutil
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from ragchat.core.document import identity
from ragchat.embeddings.choose import kind_of
from ragchat.errors import EmbedderMismatch, IndexBusy, IndexDamaged, IndexOutdated, NothingIndexed, UsageError
from ragchat.index.catalogue import collection_folder
from ragchat.index.damage import damaged
from ragchat.index.following import reconcile, remake
from ragchat.index.lock import REMOVED, WAIT_S, writing
from ragchat.index.manifest import Manifest
from ragchat.index.merging import compact
from ragchat.index.recipe import RECIPE
from ragchat.index.segments import Segments
from ragchat.index.view import View
from ragchat.storage.database import private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ragchat.index.vectors import Vectors

DEFAULT = "default"
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}")
# Segments are merged now and then by another process; to miss one so often in a row is no coincidence.
_MOST_TRIES = 20


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
        self._view: tuple[int, View] | None = None
        self._vectors: Vectors | None = None
        self._makes_vectors = False

    @staticmethod
    def exists(home: Path, name: str = DEFAULT) -> bool:
        """Whether there is anything of this name; looking makes nothing."""
        return (collection_folder(home, name) / "index.db").is_file()

    @cached_property
    def manifest(self) -> Manifest:
        """Opened at first use: a damaged collection can be listed and removed."""
        return Manifest(self.folder / "index.db")

    @cached_property
    def segments(self) -> Segments:
        """The files with words and vectors that a search reads."""
        return Segments(self.folder / "segments")

    @property
    def vectors(self) -> Vectors:
        """ChromaDB, opened at first use: it takes half a second to load."""
        if self._vectors is None:
            from ragchat.index.vectors import Vectors  # noqa: PLC0415

            if not (self._makes_vectors or self._has_vectors or self.manifest.is_empty):
                raise damaged(f"The vectors in {self.vectors_folder} are missing.", self.folder)
            self._vectors = Vectors(self.vectors_folder)
        return self._vectors

    @property
    def _has_vectors(self) -> bool:
        return (self.vectors_folder / "chroma.sqlite3").exists()

    @property
    def vectors_folder(self) -> Path:
        """Where ChromaDB keeps the vectors."""
        return self.folder / self.manifest.vectors_folder

    @property
    def embedder(self) -> str | None:
        """The fingerprint of the embedder that made the vectors; None while there are none."""
        return self.manifest.embedder

    @property
    def is_of_another_recipe(self) -> bool:
        """Whether some document was made by other readers, another splitter or other terms than there are now."""
        return self.manifest.is_outdated or any(recipe != RECIPE for recipe in self.manifest.recipes())

    def adopt(self, fingerprint: str) -> None:
        """Bind an empty collection to an embedder; raises `EmbedderMismatch` when it is bound to another.

        The writer's lock must be held.
        """
        if self.embedder != fingerprint and self.manifest.is_empty:
            if self._has_vectors:
                self.vectors.clear()  # they may have had another width
            with self.manifest.change() as change:
                change.begin_anew(fingerprint)
        self.require(fingerprint)

    def require(self, fingerprint: str) -> None:
        """Raise `EmbedderMismatch` unless the vectors are of this embedder."""
        if self.embedder not in (None, fingerprint):
            raise EmbedderMismatch(
                f"The collection `{self.name}` was embedded by {self.embedder}, not by {fingerprint}.",
                f"To change it, run `ragchat index rebuild --embed-only --embedder {kind_of(fingerprint)}`.",
            )

    def require_documents(self) -> None:
        """Raise `NothingIndexed` when there is none, `IndexOutdated` when an older release wrote them."""
        if self.manifest.is_empty:
            if self.name == DEFAULT:
                raise NothingIndexed
            raise NothingIndexed(
                f"Nothing is indexed in the collection {self.name} yet.",
                f"Ingest some documents first: ragchat ingest PATH --collection {self.name}",
            )
        if self.manifest.is_outdated:
            raise IndexOutdated(
                f"The collection `{self.name}` was made by an older ragchat.",
                f"Run `ragchat index rebuild --collection {self.name}`.",
            )

    def view(self) -> View:
        """What can be found now, whichever process wrote it; raises `IndexDamaged` and `NothingIndexed`."""
        if not self.manifest.is_there():
            self.close()
            if not (self.folder / "index.db").exists():
                raise NothingIndexed(f"The collection {self.name} was removed meanwhile.")
        for _ in range(_MOST_TRIES):
            if self._view and self._view[0] == self.manifest.generation:
                return self._view[1]
            inventory = self.manifest.inventory()
            try:
                segments = self.segments.open([record.name for record in inventory.segments])
            except FileNotFoundError as error:
                missing = error
                continue
            self._view = inventory.generation, View(segments, inventory.buried)
        raise damaged(f"{missing.filename} is missing.", self.folder) from missing

    def warm_up(self) -> None:
        """Load what the first search needs."""
        self.view().warm_up()

    def close(self) -> None:
        """Let go of the files."""
        self._view = None
        self.close_vectors()
        if "manifest" in self.__dict__:
            self.manifest.close()
            del self.manifest

    def remove(self, sources: list[str]) -> None:
        """Remove documents, all or none; raises `IndexBusy`."""
        with self.writing():
            self.drop(sources)
            compact(self)

    def drop(self, sources: Sequence[str]) -> None:
        """Remove documents, all or none; the lock must be held."""
        with self.manifest.change() as change:
            gone = change.drop(sources)
        self.vectors.remove(gone)

    @contextmanager
    def new_vectors(self) -> Iterator[Vectors]:
        """An empty ChromaDB beside the one in use, which goes again when something is raised."""
        from ragchat.index.vectors import Vectors  # noqa: PLC0415

        folder = self.folder / f"vectors-{secrets.token_hex(4)}"
        vectors = Vectors(folder)
        try:
            yield vectors
        except BaseException:
            vectors.close()
            shutil.rmtree(folder, ignore_errors=True)
            raise
        vectors.close()

    def erase(self) -> None:
        """Remove the collection with everything in it; raises `IndexBusy`."""
        with writing(self.folder):
            self.close()
            # The manifest first: without it the rest is no collection, whatever happens meanwhile.
            for name in ("index.db", "index.db-wal", "index.db-shm"):
                (self.folder / name).unlink(missing_ok=True)
            shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def holding(self, wait_s: float = WAIT_S) -> Iterator[None]:
        """Hold the collection alone, as it is; raises `IndexBusy`."""
        with writing(self.folder, wait_s):
            if not self.manifest.is_there():
                raise IndexBusy(*REMOVED)
            # A client that was opened before somebody else wrote would write over it.
            self.close_vectors()
            yield

    @contextmanager
    def writing(self, wait_s: float = WAIT_S) -> Iterator[None]:
        """The same, and first finish what a writer that died left behind."""
        with self.holding(wait_s), self._making_vectors():
            self.sweep()
            self.settle()
            yield
            self.sweep()
            if self.manifest.is_unsettled:
                self.manifest.settle()

    @contextmanager
    def _making_vectors(self) -> Iterator[None]:
        """Where a ChromaDB that is not there may be made; elsewhere an empty one would hide the loss."""
        before, self._makes_vectors = self._makes_vectors, True
        try:
            yield
        finally:
            self._makes_vectors = before

    def settle(self) -> None:
        """Let the vectors follow the manifest where a writer died before they did; the lock must be held."""
        if self.manifest.is_unsettled or not (self._has_vectors or self.manifest.is_empty):
            with self._making_vectors():
                try:
                    reconcile(self)
                except IndexDamaged:  # killed while it wrote, ChromaDB may not read its own files again
                    remake(self)
            self.manifest.settle()

    def sweep(self) -> None:
        """Remove what a writer that died, or a merge, has left behind."""
        self.segments.sweep(record.name for record in self.manifest.inventory().segments)
        for folder in self.folder.glob("vectors*"):
            if folder != self.vectors_folder:
                shutil.rmtree(folder, ignore_errors=True)

    def close_vectors(self) -> None:
        """Let go of ChromaDB."""
        if self._vectors is not None:
            self._vectors.close()
            self._vectors = None


def folder_collection(path: Path) -> str:
    """The name of the collection that `--docs PATH` keeps for a path."""
    return f"docs-{identity(path.resolve())[:16]}"
