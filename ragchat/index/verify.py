"""Is an index whole? Every chunk by its words, and by its own vector."""

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
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from ragchat.index.collection import Collection
    from ragchat.index.segment import Segment

_BATCH = 500
# A link that is made again can take another's place.
_MOST_LINKINGS = 3
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
    segments, damage = sound_segments(collection)
    view = View(segments, collection.manifest.inventory().buried)
    missing_words, lost_rows = _missing_words(collection, view, known)
    try:
        held = collection.vectors.ids()
        missing_vectors = (known.keys() - held) | _unfindable(collection, view, known, held)
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


def sound_segments(collection: Collection) -> tuple[list[Segment], tuple[str, ...]]:
    """The segments whose files are as they were written, and what is wrong with the others."""
    sound: list[Segment] = []
    damage: list[str] = []
    for record in collection.manifest.inventory().segments:
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
    return sound, tuple(damage)


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


def _unfindable(collection: Collection, view: View, known: Mapping[str, int], held: Iterable[str]) -> set[str]:
    """Of the ids that ChromaDB holds, those it does not find when asked for their own vectors."""
    names = {known[name]: name for name in held if name in known}
    lost = _not_found(collection, view, names, view.slots(np.array(sorted(names), np.int64)))
    for _ in range(_MOST_LINKINGS):
        if not len(lost):
            break
        _link_again(collection, view, names, lost)
        lost = _not_found(collection, view, names, lost)
    return {names[int(row)] for row in view.rows[lost]}


def _not_found(
    collection: Collection, view: View, names: Mapping[int, str], slots: NDArray[np.int64]
) -> NDArray[np.int64]:
    lost: list[int] = []
    for start in range(0, len(slots), _BATCH):
        batch = slots[start : start + _BATCH]
        vectors = view.vectors(batch)
        # A text without words has no direction, and lies near nothing.
        directed = np.flatnonzero(vectors.any(axis=1))
        found = collection.vectors.own(vectors[directed])
        for slot, near in zip(batch[directed].tolist(), found, strict=True):
            wanted = names[int(view.rows[slot])]
            # Copies of one text push each other out: it is enough that all that came back are as near.
            copies = near and max(near.values()) <= _SAME
            if (wanted not in near and not copies) or near.get(wanted, 0.0) > _SAME:
                lost.append(slot)
    return np.array(lost, np.int64)


def _link_again(collection: Collection, view: View, names: Mapping[int, str], lost: NDArray[np.int64]) -> None:
    """ChromaDB's graph may lose the way to a vector when others are removed: put in again, it is found again."""
    ids, vectors = [names[int(row)] for row in view.rows[lost]], view.vectors(lost)
    held = collection.vectors.get(ids)
    same = [at for at, name in enumerate(ids) if name in held and np.allclose(held[name], vectors[at], atol=_SAME)]
    if same:
        collection.vectors.add([ids[at] for at in same], vectors[same])
