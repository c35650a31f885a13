"""An index is made anew beside the old one, and takes its place in one step."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ragchat.errors import RagchatError
from ragchat.index.batch import BATCH_CHUNKS, Entry, entries_of, write_batch
from ragchat.index.duplicates import signature
from ragchat.index.merging import compact
from ragchat.index.prepare import Prepared, words_of
from ragchat.index.preparing import prepared
from ragchat.index.vocabulary import Lexicon
from ragchat.index.worker import Reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ragchat.core.protocols import Embedder
    from ragchat.index.collection import Collection
    from ragchat.index.manifest import DocumentRecord, Manifest
    from ragchat.index.progress import Progress


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """`kept` are the documents whose files could not be read again, with the reason: they stay as they were."""

    documents: int
    chunks: int
    kept: tuple[tuple[str, str], ...]
    seconds: float


def rebuild(
    collection: Collection,
    embedder: Embedder,
    *,
    rechunk: bool,
    max_bytes: int,
    progress: Progress = lambda _done, _total, _current: None,
) -> RebuildReport:
    """Make words and vectors of every document anew, and with `rechunk` read and split its file again too.

    Until the end readers see the old index; stopped before, nothing has changed. The writer's lock must be held.
    Raises `EmbedderError` and `StorageError`.
    """
    started = time.monotonic()
    manifest = collection.manifest
    records = manifest.documents()
    kept: list[tuple[str, str]] = []
    if rechunk:
        documents = _read_again(manifest, records, kept, embedder, max_bytes)
    else:
        documents = (stored(manifest, record) for record in records)
    chunks = renew(collection, entries_of(documents, embedder), embedder.fingerprint, len(records), progress)
    return RebuildReport(len(records), chunks, tuple(kept), time.monotonic() - started)


def renew(
    collection: Collection, entries: Iterable[Entry], fingerprint: str, total: int, progress: Progress
) -> int:
    """Let `entries`, `total` of them, be the whole index, in one step at the end; how many chunks they have."""
    manifest = collection.manifest
    chunks = done = 0
    with collection.new_vectors() as vectors, manifest.change() as change:
        change.clear_words()
        lexicon = Lexicon(manifest.connection)
        for some in _batches(entries):
            batch = write_batch(change, collection.segments, lexicon, some)
            vectors.add(batch.ids, batch.vectors)
            chunks += len(batch.ids)
            done += len(some)
            progress(done, total, some[-1].document.source)
        change.succeed(vectors.name, fingerprint)
    collection.close_vectors()
    compact(collection)
    collection.sweep()
    return chunks


def stored(manifest: Manifest, record: DocumentRecord) -> Prepared:
    """A document as it was split before, its words found anew."""
    chunks = tuple(manifest.chunks_of(record.source))
    words = words_of(chunks)
    return Prepared(
        source=record.source,
        id=record.id,
        title=record.title,
        size=record.bytes,
        modified=record.modified,
        digest=record.digest,
        signature=signature(words),
        encoding=record.encoding,
        warnings=(),
        chunks=chunks,
        words=words,
    )


def _read_again(
    manifest: Manifest,
    records: Sequence[DocumentRecord],
    kept: list[tuple[str, str]],
    embedder: Embedder,
    max_bytes: int,
) -> Iterator[Prepared]:
    by_source = {record.source: record for record in records}
    readings = [Reading(Path(record.source), record.bytes, record.encoding) for record in records]
    for reading, outcome in prepared(readings, embedder, max_bytes=max_bytes):
        if isinstance(outcome, RagchatError):
            kept.append((str(reading.path), outcome.message))
            yield stored(manifest, by_source[str(reading.path)])
        else:
            yield outcome


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        batch.append(entry)
        size += len(entry.document.chunks)
        if size >= BATCH_CHUNKS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
