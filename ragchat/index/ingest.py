"""Files become searchable, and what became of each is told."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ragchat.documents.walk import Found, Skipped, walk
from ragchat.errors import DocumentError, EmbedderError
from ragchat.index.duplicates import Duplicates, find_duplicates
from ragchat.index.preparing import prepared
from ragchat.index.rebuild import rebuild
from ragchat.index.recipe import RECIPE
from ragchat.index.worker import Reading
from ragchat.index.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ragchat.core.protocols import Embedder
    from ragchat.index.collection import Collection
    from ragchat.index.manifest import DocumentRecord, Manifest
    from ragchat.index.progress import Progress
    from ragchat.index.worker import Outcome


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of each file, by source: every file stands in exactly one of the first six lists.

    `failed`, `skipped` and `warnings` come with a reason; a file in `warnings` stands in one of the others too.
    `removed` were indexed before and are no longer there. What failed keeps its place in the index, what is
    skipped loses it. `chunks` counts those written: `embedded` now, or `reused`, with a vector from the cache.
    `duplicates` and `similar` are those of `Duplicates` among what was added or changed. `notices` are about the
    run as a whole.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]
    skipped: tuple[tuple[str, str], ...]
    warnings: tuple[tuple[str, str], ...]
    duplicates: tuple[tuple[str, str], ...]
    similar: tuple[tuple[str, str, float], ...]
    notices: tuple[str, ...]
    chunks: int
    embedded: int
    reused: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What an ingest has to do, by the names, sizes and times of the files alone."""

    to_read: tuple[Found, ...]
    unchanged: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]
    to_remove: tuple[str, ...]
    """Indexed before, and no longer there."""
    known: dict[str, DocumentRecord]
    """What is indexed now, by source."""

    def readings(self, encoding: str | None) -> list[Reading]:
        """The files to read, as `encoding`, or as what each was read before."""
        return [
            Reading(file.path, file.size, encoding or (before.encoding if before else None))
            for file in self.to_read
            for before in [self.known.get(str(file.path))]
        ]

    @property
    def rebuilds(self) -> bool:
        """Whether everything is made anew first, since another release made some of it."""
        return any(record.recipe != RECIPE for record in self.known.values())

    @property
    def to_add(self) -> tuple[Found, ...]:
        """Of the files to read, those that are not indexed."""
        return tuple(file for file in self.to_read if str(file.path) not in self.known)

    @property
    def to_update(self) -> tuple[Found, ...]:
        """Of the files to read, those that are; they may turn out to say the same."""
        return tuple(file for file in self.to_read if str(file.path) in self.known)

    @property
    def to_drop(self) -> list[str]:
        """What leaves the index: the files that are gone, and those that are skipped now."""
        return [*self.to_remove, *(source for source, _ in self.skipped if source in self.known)]


def ingest(  # noqa: PLR0913 - each is an option of the command
    collection: Collection,
    embedder: Embedder,
    paths: Sequence[Path],
    *,
    max_bytes: int,
    never: Path,
    encoding: str | None = None,
    prune: bool = True,
    progress: Progress = lambda _done, _total, _current: None,
) -> IngestReport:
    """Bring `collection` up to date with the files below `paths`; `never` is a folder to keep out of.

    `encoding` is what text files are written in; named, every file is read again. Of a folder, what has gone
    from the disk goes from the collection, unless `prune` is false.
    Raises `UsageError`, `IndexBusy`, `EmbedderError` and `EmbedderMismatch`; a file's own failure is reported.
    """
    started = time.monotonic()
    with collection.writing():
        writer = Writer(collection, embedder)
        if collection.is_of_another_recipe:
            rebuild(collection, embedder, rechunk=True, max_bytes=max_bytes, progress=progress)
        known = collection.manifest.documents()
        again = encoding is not None
        plan = make_plan(known, paths, max_bytes=max_bytes, never=never, again=again, prune=prune)
        run = _Run(plan, writer, collection.manifest)
        readings = plan.readings(encoding)
        progress(0, len(readings), str(readings[0].path) if readings else "")
        outcomes = prepared(readings, embedder, max_bytes=max_bytes)
        try:
            for done, (reading, outcome) in enumerate(outcomes, start=1):
                run.take(str(reading.path), outcome)
                progress(done, len(readings), str(readings[done].path) if done < len(readings) else "")
        except (EmbedderError, KeyboardInterrupt, SystemExit):
            writer.keep()  # what is ready so far has cost time, perhaps money
            raise
        writer.remove(plan.to_drop)
        writer.finish()
        duplicates = run.duplicates()
    return run.report(duplicates, time.monotonic() - started)


def make_plan(
    documents: Iterable[DocumentRecord],
    paths: Sequence[Path],
    *,
    max_bytes: int,
    never: Path,
    again: bool = False,
    prune: bool = True,
) -> Plan:
    """What `ingest` would do where `documents` are indexed; with `again`, every file is to be read.

    Raises `UsageError`.
    """
    known = {record.source: record for record in documents}
    stamps = {} if again else {source: (record.bytes, record.modified) for source, record in known.items()}
    to_read: list[Found] = []
    unchanged: list[str] = []
    skipped: list[Skipped] = []
    for entry in walk(paths, max_bytes=max_bytes, never=never, known=stamps):
        if isinstance(entry, Skipped):
            skipped.append(entry)
        elif stamps.get(str(entry.path)) == (entry.size, entry.modified):
            unchanged.append(str(entry.path))
        else:
            to_read.append(entry)
    met = {*unchanged, *(str(file.path) for file in to_read), *(str(entry.path) for entry in skipped)}
    roots = tuple(f"{str(path.resolve()).rstrip('/')}/" for path in paths if prune and path.is_dir())
    unknown = tuple(f"{entry.path}/" for entry in skipped if entry.unknown)
    return Plan(
        to_read=tuple(to_read),
        unchanged=tuple(unchanged),
        skipped=tuple((str(entry.path), entry.reason) for entry in skipped),
        to_remove=tuple(
            source
            for source in known
            if source not in met and source.startswith(roots) and not source.startswith(unknown)
        ),
        known=known,
    )


@dataclass(slots=True)
class _Run:
    """Sorts the files that were read into what became of them."""

    plan: Plan
    writer: Writer
    manifest: Manifest
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)

    def take(self, source: str, outcome: Outcome) -> None:
        if isinstance(outcome, EmbedderError):
            raise outcome
        if isinstance(outcome, DocumentError):
            self.failed.append((source, outcome.message))
            return
        self.warnings += [(source, warning) for warning in outcome.warnings]
        before = self.plan.known.get(source)
        if before and before.id == outcome.id:
            self.manifest.touch(source, outcome.size, outcome.modified)
            self.unchanged.append(source)
            return
        self.writer.add(outcome)
        (self.changed if before else self.added).append(source)

    def duplicates(self) -> Duplicates:
        fresh = [*self.added, *self.changed]
        return find_duplicates(self.manifest, fresh) if fresh else Duplicates()

    def report(self, duplicates: Duplicates, seconds: float) -> IngestReport:
        return IngestReport(
            added=tuple(self.added),
            changed=tuple(self.changed),
            unchanged=(*self.plan.unchanged, *self.unchanged),
            removed=self.plan.to_remove,
            failed=tuple(self.failed),
            skipped=self.plan.skipped,
            warnings=tuple(self.warnings),
            duplicates=duplicates.exact,
            similar=duplicates.similar,
            notices=self.writer.notices,
            chunks=self.writer.chunks,
            embedded=self.writer.chunks - self.writer.reused,
            reused=self.writer.reused,
            seconds=seconds,
        )
