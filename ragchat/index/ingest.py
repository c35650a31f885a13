"""Files become searchable, and what became of each is told."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from ragchat.documents.load import parse
from ragchat.documents.walk import Found, Skipped, walk
from ragchat.errors import DocumentError
from ragchat.index.writer import RECIPE, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from ragchat.core.document import Document
    from ragchat.core.protocols import Embedder
    from ragchat.index.collection import Collection
    from ragchat.index.manifest import DocumentRecord, Manifest

Progress: TypeAlias = "Callable[[int, int, str], None]"
"""Told how many files are done, of how many, and which is next."""


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of each file, by source: every file stands in exactly one of the first six lists.

    `failed`, `skipped` and `warnings` come with a reason; a file in `warnings` stands in one of the others too.
    `removed` were indexed before and are no longer there. What failed keeps its place in the index, what is
    skipped loses it. `chunks` counts those written.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]
    skipped: tuple[tuple[str, str], ...]
    warnings: tuple[tuple[str, str], ...]
    chunks: int
    seconds: float


def ingest(
    collection: Collection,
    embedder: Embedder,
    paths: Sequence[Path],
    *,
    max_bytes: int,
    never: Path,
    encoding: str | None = None,
    progress: Progress = lambda _done, _total, _current: None,
) -> IngestReport:
    """Bring `collection` up to date with the files below `paths`; `never` is a folder to keep out of.

    `encoding` is what text files are written in; named, every file is read again. Of a folder, what has gone
    from the disk goes from the collection.
    Raises `UsageError`, `IndexBusy`, `EmbedderError` and `EmbedderMismatch`; a file's own failure is reported.
    """
    started = time.monotonic()
    entries = list(walk(paths, max_bytes=max_bytes, never=never))
    with collection.writing():
        writer = Writer(collection, embedder)
        run = _Run(collection.manifest, writer, encoding)
        for done, entry in enumerate(entries):
            progress(done, len(entries), str(entry.path))
            run.take(entry)
        writer.flush()
        progress(len(entries), len(entries), "")
        run.prune([path.resolve() for path in paths if path.is_dir()], entries)
    return run.report(time.monotonic() - started)


class _Run:
    """Sorts the files of one walk into what became of them."""

    def __init__(self, manifest: Manifest, writer: Writer, encoding: str | None) -> None:
        self._manifest = manifest
        self._encoding = encoding
        self._writer = writer
        self._known = {record.source: record for record in manifest.documents()}
        self._added: list[str] = []
        self._changed: list[str] = []
        self._unchanged: list[str] = []
        self._removed: list[str] = []
        self._failed: list[tuple[str, str]] = []
        self._skipped: list[tuple[str, str]] = []
        self._warnings: list[tuple[str, str]] = []

    def take(self, entry: Found | Skipped) -> None:
        source = str(entry.path)
        before = self._known.get(source)
        if before and before.recipe != RECIPE:
            before = replace(before, id="", modified=-1)  # whatever its file says, it has changed
        if isinstance(entry, Skipped):
            self._skipped.append((source, entry.reason))
        elif before and not self._encoding and (before.bytes, before.modified) == (entry.size, entry.modified):
            self._unchanged.append(source)
        else:
            try:
                document = _read(entry.path, self._encoding)
            except DocumentError as error:
                self._failed.append((source, error.message))
            else:
                self._index(document, entry, before)

    def _index(self, document: Document, entry: Found, before: DocumentRecord | None) -> None:
        self._warnings += [(document.source, warning) for warning in document.warnings]
        if before and before.id == document.id:
            self._manifest.touch(document.source, entry.size, entry.modified)
            self._unchanged.append(document.source)
            return
        self._writer.add(document, entry.size, entry.modified)
        (self._changed if before else self._added).append(document.source)

    def prune(self, folders: Sequence[Path], entries: Iterable[Found | Skipped]) -> None:
        """Remove what was skipped, and what was indexed below `folders` and was not met this time."""
        met = {str(entry.path) for entry in entries}
        roots = tuple(f"{folder}/" for folder in folders)
        unknown = tuple(f"{entry.path}/" for entry in entries if isinstance(entry, Skipped) and entry.unknown)
        self._removed = [
            source
            for source in self._known
            if source not in met and source.startswith(roots) and not source.startswith(unknown)
        ]
        skipped = [source for source, _ in self._skipped if source in self._known]
        self._writer.remove(self._removed + skipped)

    def report(self, seconds: float) -> IngestReport:
        return IngestReport(
            added=tuple(self._added),
            changed=tuple(self._changed),
            unchanged=tuple(self._unchanged),
            removed=tuple(self._removed),
            failed=tuple(self._failed),
            skipped=tuple(self._skipped),
            warnings=tuple(self._warnings),
            chunks=self._writer.chunks,
            seconds=seconds,
        )


def _read(path: Path, encoding: str | None) -> Document:
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise DocumentError("Its name is not UTF-8.", "Rename it.") from error
    try:
        return parse(str(path), path.read_bytes(), encoding)
    except OSError as error:
        raise DocumentError(f"It cannot be read: {error.strerror}.", "Check its permissions.") from error
