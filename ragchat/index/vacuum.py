"""What is gone from an index gives its place on the disk back."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ragchat.errors import StorageError
from ragchat.index.merging import compact
from ragchat.index.status import sizes_of
from ragchat.index.vocabulary import all_terms

if TYPE_CHECKING:
    from ragchat.index.collection import Collection
    from ragchat.index.status import Sizes


@dataclass(frozen=True, slots=True)
class VacuumReport:
    """What the index took before and takes now, and how many terms went that occur nowhere any more."""

    before: Sizes
    after: Sizes
    terms: int
    seconds: float


def vacuum(collection: Collection) -> VacuumReport:
    """Write segments without what is buried, drop unused terms and pack the database.

    Readers are not disturbed; stopped at any point, the index is whole. ChromaDB's own files stay as they are: it
    packs them by its command line only. Raises `IndexBusy`, `IndexDamaged` and `StorageError`.
    """
    started = time.monotonic()
    with collection.writing():
        before = sizes_of(collection)
        compact(collection, most_buried=0.0)
        collection.sweep()
        terms = _drop_unused_terms(collection)
        _pack(collection)
        after = sizes_of(collection)
    return VacuumReport(before, after, terms, time.monotonic() - started)


def _drop_unused_terms(collection: Collection) -> int:
    used = [numbers for segment in collection.view().segments for numbers in (segment.words, segment.terms)]
    known = np.array(list(all_terms(collection.manifest.connection).values()), np.uint32)
    unused = np.setdiff1d(known, np.concatenate([np.empty(0, np.uint32), *used])).tolist()
    if unused:
        with collection.manifest.change() as change:
            change.drop_terms(unused)
    return len(unused)


def _pack(collection: Collection) -> None:
    connection = collection.manifest.connection
    try:
        connection.execute("VACUUM")
        # What was packed stands in the log until a reader's last look at the old file has ended.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.OperationalError as error:
        raise StorageError(
            f"The database could not be packed: {error}.", "Free some space, and try again."
        ) from error
