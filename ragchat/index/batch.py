"""A batch of documents is written: rows, words and vectors, in one transaction and one segment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ragchat.index.prepare import RECIPE, Prepared, in_context
from ragchat.index.segment import Columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ragchat.core.protocols import Embedder
    from ragchat.index.change import Change
    from ragchat.index.segments import Segments
    from ragchat.index.vocabulary import Numbering

BATCH_CHUNKS = 4_096
"""Large enough that neither transaction nor segment costs much, small enough to be held twice."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A document with the final vectors of its chunks, `(chunks, width)`."""

    document: Prepared
    vectors: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Batch:
    """What was written, for the vectors to follow: `gone` are ids that went and did not come back."""

    ids: list[str]
    vectors: NDArray[np.float32]
    gone: list[str]


def embedded(document: Prepared, embedder: Embedder) -> Entry:
    """`document` with its vectors, each leant towards its neighbours'; raises `EmbedderError`."""
    vectors = document.vectors
    if vectors is None:
        vectors = embedder.embed_documents([chunk.searchable for chunk in document.chunks])
    return Entry(document, in_context(vectors, document.words.joined))


def write_batch(change: Change, segments: Segments, numbering: Numbering, entries: Sequence[Entry]) -> Batch:
    """Write `entries` in place of what their sources held; raises `OSError`."""
    gone = change.drop(entry.document.source for entry in entries)
    rows, owners = change.insert([entry.document for entry in entries], RECIPE)
    full = [entry for entry in entries if entry.document.chunks]
    if not full:
        return Batch([], np.empty((0, 0), np.float32), gone)
    vectors = np.concatenate([entry.vectors for entry in full])
    change.add_segment(segments.write(_columns(full, rows, owners, numbering), [vectors]))
    ids = [chunk.id for entry in full for chunk in entry.document.chunks]
    return Batch(ids, vectors, sorted(set(gone).difference(ids)))


def _columns(
    entries: Sequence[Entry], rows: NDArray[np.int64], owners: NDArray[np.int64], numbering: Numbering
) -> Columns:
    words = [entry.document.words for entry in entries]
    lengths = np.concatenate([np.diff(one.starts) for one in words])
    return Columns(
        rows=rows,
        documents=owners,
        joined=np.concatenate([one.joined for one in words]),
        heads=np.concatenate([one.heads for one in words]),
        starts=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        tokens=np.concatenate([np.array(numbering.numbers(one.terms), np.uint32)[one.tokens] for one in words]),
    )
