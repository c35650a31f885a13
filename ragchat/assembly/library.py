"""The collections of a home: made, filled, mended and removed."""

from __future__ import annotations

from contextlib import closing
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING

from ragchat.errors import NothingIndexed, UsageError
from ragchat.index.catalogue import collection_names
from ragchat.index.collection import DEFAULT, Collection, folder_collection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from ragchat.assembly.embedders import Embedders
    from ragchat.errors import RagchatError
    from ragchat.index.ingest import IngestReport, Plan
    from ragchat.index.manifest import DocumentRecord
    from ragchat.index.progress import Progress
    from ragchat.index.rebuild import RebuildReport
    from ragchat.index.verify import Verification
    from ragchat.index.watch import Round
    from ragchat.settings.model import Settings


class Library:
    """What may be done to collections by their names, as `settings` say.

    `forget` forgets what is kept of a collection elsewhere: consents, and answers.
    """

    def __init__(self, settings: Settings, embedders: Embedders, forget: Callable[[str], None]) -> None:
        self._home = settings.home
        self._never = settings.home.resolve()
        self._max_bytes = int(settings.ingest.max_file_mb * 1_000_000)
        self._embedders = embedders
        self._forget = forget

    def has_documents(self, collection: str = DEFAULT) -> bool:
        """Whether there is anything to ask; looking makes nothing."""
        home = self._home
        return Collection.exists(home, collection) and not Collection(home, collection).manifest.is_empty

    def collection(self, name: str = DEFAULT) -> Collection:
        """A collection that holds documents; raises `NothingIndexed`, and `UsageError` for an unknown name."""
        collection = self.index(name)
        collection.require_documents()
        return collection

    def index(self, name: str = DEFAULT) -> Collection:
        """The same, though it may be empty, or an older release's."""
        if name == DEFAULT and not Collection.exists(self._home):
            raise NothingIndexed
        return self._named(name)

    def collections(self) -> list[Collection]:
        """All collections, by name."""
        return [Collection(self._home, name) for name in collection_names(self._home)]

    def create(self, name: str) -> str:
        """Make an empty collection with its embedder; why it is that one. Raises `UsageError` if it is there."""
        if Collection.exists(self._home, name):
            raise UsageError(f"There is a collection called {name} already.", "Choose another name.")
        embedder, reason = self._embedders.for_ingest(name)
        collection = Collection(self._home, name)
        with collection.writing():
            collection.adopt(embedder.fingerprint)
        return reason

    def remove(self, name: str) -> None:
        """Remove a collection with everything in it; raises `UsageError` for an unknown name, `IndexBusy`."""
        collection = self._named(name)
        # First: a new collection of this name must not find them, whatever happens meanwhile.
        self._forget(name)
        collection.erase()

    def ingest(
        self,
        paths: Sequence[Path],
        progress: Progress,
        collection: str = DEFAULT,
        encoding: str | None = None,
        *,
        prune: bool = True,
    ) -> tuple[IngestReport, str]:
        """Bring a collection up to date with `paths`; the report, and why a new one got its embedder.

        Raises `UsageError` for an unknown `encoding` or a path that is not there; then no collection is made.
        """
        from ragchat.documents.walk import walk  # noqa: PLC0415
        from ragchat.index.ingest import ingest  # noqa: PLC0415

        _require_encoding(encoding)
        # All paths are checked before the first entry.
        next(walk(paths, max_bytes=self._max_bytes, never=self._never), None)
        embedder, reason = self._embedders.for_ingest(collection)
        with closing(Collection(self._home, collection)) as target:
            report = ingest(
                target,
                embedder,
                paths,
                max_bytes=self._max_bytes,
                never=self._never,
                encoding=encoding,
                prune=prune,
                progress=progress,
            )
        return report, reason

    def folder(self, path: Path, progress: Progress) -> tuple[str, IngestReport, str]:
        """Bring the collection that is kept for `path` up to date; its name, and as `ingest`."""
        name = folder_collection(path)
        report, reason = self.ingest([path], progress, name)
        manifest = Collection(self._home, name).manifest
        if manifest.folder is None:
            manifest.keep_folder(str(path.resolve()))
        return name, report, reason

    def plan(
        self, paths: Sequence[Path], collection: str = DEFAULT, *, again: bool = False, prune: bool = True
    ) -> Plan:
        """What `ingest` would do; nothing is changed, no collection is made, and nobody is waited for.

        With `again`, every file is to be read. Raises `UsageError` for a path that is not there.
        """
        from ragchat.index.ingest import make_plan  # noqa: PLC0415

        known: list[DocumentRecord] = []
        if Collection.exists(self._home, collection):
            with closing(Collection(self._home, collection)) as target:
                known = target.manifest.documents()
        return make_plan(known, paths, max_bytes=self._max_bytes, never=self._never, again=again, prune=prune)

    def watch(
        self,
        paths: Sequence[Path],
        collection: str = DEFAULT,
        encoding: str | None = None,
        *,
        prune: bool = True,
        failed: Sequence[tuple[str, str]] = (),
    ) -> Iterator[Round | RagchatError]:
        """Ingest `paths` after each change, for ever; as `index.watch.rounds`."""
        from ragchat.index.watch import rounds  # noqa: PLC0415

        def once(there: list[Path]) -> IngestReport:
            return self.ingest(there, lambda *_: None, collection, encoding, prune=prune)[0]

        plan = partial(self.plan, collection=collection, prune=prune)
        return rounds(paths, plan, once, never=self._never, failed=failed)

    def repair(self, collection: Collection, progress: Progress) -> Verification:
        """Mend what is missing in `collection`; as `index.repair.repair`."""
        from ragchat.index.repair import repair  # noqa: PLC0415

        return repair(collection, partial(self._embedders.for_search, collection), progress)

    def rebuild(self, collection: Collection, progress: Progress, *, rechunk: bool) -> RebuildReport:
        """Make `collection` anew, by the embedder that is wished for if one is; as `index.rebuild.rebuild`.

        Raises `UsageError` when its documents must be split anew and shall not be.
        """
        from ragchat.index.rebuild import rebuild  # noqa: PLC0415

        embedder = self._embedders.for_rebuild(collection)
        with collection.holding():
            if not rechunk and collection.is_of_another_recipe:
                raise UsageError(
                    f"The documents of `{collection.name}` were split by another ragchat.",
                    "Leave --embed-only out: they are read and split again, as far as they are still there.",
                )
            return rebuild(collection, embedder, rechunk=rechunk, max_bytes=self._max_bytes, progress=progress)

    def _named(self, name: str) -> Collection:
        if Collection.exists(self._home, name):
            return Collection(self._home, name)
        near = get_close_matches(name, collection_names(self._home), n=1)
        hint = f"Did you mean {near[0]}?" if near else "See them all: ragchat collection list"
        raise UsageError(f"There is no collection called {name}.", hint)


def _require_encoding(name: str | None) -> None:
    try:
        b"a".decode(name or "utf-8", "replace")
    except (LookupError, ValueError) as error:  # some know no replacement: idna, undefined
        raise UsageError(
            f"Text cannot be read as {name}.", "Name an encoding such as utf-8, cp1252 or shift_jis."
        ) from error
