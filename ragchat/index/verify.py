"""Is an index whole? Every chunk by its words, and by its vector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ragchat.errors import IndexDamaged
from ragchat.index.prepare import words_of
from ragchat.index.segment import checksum
from ragchat.index.view import View
from ragchat.index.vocabulary import all_terms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ragchat.index.collection import Collection
    from ragchat.index.segment import Segment

# No chunk has it.
_NO_ROW = -1
# A vector comes back from ChromaDB as it went in, but for the last places.
_SAME = 1e-3


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found: ids of chunks whose vector or whose words are missing or wrong.

    `orphans` are ids and rows that belong to no chunk. `damage` says in sentences what could not be read at all.
    """

    documents: int
    chunks: int
    missing_vectors: frozenset[str]
    missing_words: frozenset[str]
    orphans: frozenset[str]
    damage: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the index is whole."""
        return not (self.missing_vectors or self.missing_words or self.orphans or self.damage)


def verify(collection: Collection) -> Verification:
    """Look into every part of `collection`; what a stopped writer left behind is finished first.

    Nobody writes meanwhile. Raises `IndexBusy`, and `IndexDamaged` when the manifest itself cannot be read.
    """
    with collection.holding():
        if collection.manifest.is_unsettled:
            collection.settle()
        return look_into(collection)


def look_into(collection: Collection) -> Verification:
    """The same with the writer's lock held, and nothing finished."""
    known = collection.manifest.ids()
    documents, chunks = collection.manifest.counts()
    view, damage = sound_view(collection)
    missing_words, lost_rows = _missing_words(collection, view, known)
    try:
        held, wrong = _vectors(collection, view, known)
        missing_vectors = (known.keys() - held) | wrong
    except IndexDamaged as error:
        held, missing_vectors = set(), set(known)
        damage = (*damage, error.message)
    return Verification(
        documents=documents,
        chunks=chunks,
        missing_vectors=frozenset(missing_vectors),
        missing_words=frozenset(missing_words),
        orphans=frozenset(held - known.keys()) | frozenset(lost_rows),
        damage=damage,
    )


def sound_view(collection: Collection) -> tuple[View, tuple[str, ...]]:
    """The chunks of segments whose files are as they were written, and what is wrong with the other files."""
    sound: list[Segment] = []
    damage: list[str] = []
    inventory = collection.manifest.inventory()
    for record in inventory.segments:
        path = collection.segments.path(record.name)
        try:
            if checksum(path) == record.checksum:
                sound += collection.segments.open([record.name])
            else:
                damage.append(f"{path} is not as it was written.")
        except OSError as error:
            damage.append(f"{path} cannot be read: {error.strerror}.")
        except IndexDamaged as error:
            damage.append(error.message)
    return View(sound, inventory.buried), tuple(damage)


def _missing_words(collection: Collection, view: View, known: Mapping[str, int]) -> tuple[set[str], list[str]]:
    """The ids of chunks that their terms do not lead to, and the live rows that are no chunk's."""
    ids = {row: name for name, row in known.items()}
    live = view.rows if view.alive is None else view.rows[view.alive]
    missing = {ids[row] for row in ids.keys() - set(live.tolist())}
    numbers = all_terms(collection.manifest.connection)
    for record in collection.manifest.documents():
        chunks = collection.manifest.chunks_of(record.source)
        words = words_of(chunks)
        tokens = np.array([numbers.get(word, 0) for word in words.words], np.uint32)[words.tokens]
        rows = np.array([known[chunk.id] for chunk in chunks], np.int64)
        for index, slot in zip(np.flatnonzero(np.isin(rows, live)), view.slots(rows), strict=True):
            if not np.array_equal(view.words(int(slot)), tokens[words.starts[index] : words.starts[index + 1]]):
                missing.add(chunks[index].id)
    return missing, [f"row {row}" for row in sorted(set(live.tolist()) - ids.keys())]


def _vectors(collection: Collection, view: View, known: Mapping[str, int]) -> tuple[set[str], set[str]]:
    """The ids that ChromaDB holds, and those of them whose vector is not the one that a search compares.

    A search looks at every vector: one that is as it was is found by itself.
    """
    held: set[str] = set()
    wrong: set[str] = set()
    for names, vectors in collection.vectors.all():
        held.update(names)
        rows = np.array([known.get(name, _NO_ROW) for name in names], np.int64)
        here = np.flatnonzero(np.isin(rows, view.rows))
        theirs, ours = vectors[here], view.vectors(np.searchsorted(view.rows, rows[here]))
        alike = theirs.shape == ours.shape
        same = np.isclose(theirs, ours, atol=_SAME).all(axis=1) if alike else np.zeros(len(here), np.bool_)
        wrong.update(names[at] for at in here[~same])
    return held, wrong
