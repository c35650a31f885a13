"""What a search hands over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ragchat.core.document import Chunk
    from ragchat.core.place import Place

Finder = Literal["dense", "lexical"]
Why = Literal["joined", "copy", "below"]


@dataclass(frozen=True, slots=True)
class Scores:
    """What the first looks at a chunk said, before the second one gave it its place.

    `dense` is the cosine with the question, -1..1, None where the search went by words alone; `lexical` is BM25,
    zero where none of its words occurs, and without an upper bound. Each rank counts from one among what that
    search found, None where it did not find the chunk. `fused`, 0..1, is the weighted sum of both, each scaled to
    0..1 among the candidates.
    """

    dense: float | None
    dense_rank: int | None
    lexical: float
    lexical_rank: int | None
    fused: float


@dataclass(frozen=True, slots=True)
class Passage:
    """A found chunk with the text around it.

    `rank` counts from one; `score`, that of the second look, lies in 0..1 and compares passages of one search
    only. `before` and `after` are the neighbouring chunks of the same document, joined at reading time.
    """

    chunk: Chunk
    rank: int
    score: float
    found_by: tuple[Finder, ...]
    before: Chunk | None = None
    after: Chunk | None = None
    scores: Scores | None = None

    @property
    def parts(self) -> tuple[Chunk, ...]:
        """The chunk with its neighbours, in the order of the document."""
        return tuple(part for part in (self.before, self.chunk, self.after) if part)

    @property
    def text(self) -> str:
        """The parts joined, exactly as in the document."""
        return "".join(part.text for part in self.parts)

    @property
    def place(self) -> Place:
        """Where `text` lies."""
        return self.parts[0].place.until(self.parts[-1].place)

    def place_of(self, start: int, end: int) -> Place:
        """Where `text[start:end]` lies: each part knows the place of its own characters only."""
        places: list[Place] = []
        for part in self.parts:
            first, last = max(start, 0), max(end, 0)
            if part.text[first:last].strip():
                places.append(part.place.within(part.text, first, last))
            start, end = start - len(part.text), end - len(part.text)
        return places[0].until(places[-1]) if places else self.place


@dataclass(frozen=True, slots=True)
class Dropped:
    """A chunk that had the second look, which gave it `score`, and is no passage of its own.

    `why`: it is part of the passage with the rank `into` (joined), says the same as that one (copy), or came after
    as many passages as were wanted (below).
    """

    source: str
    place: Place
    score: float
    scores: Scores
    why: Why
    into: int | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """What was searched for, and what became of what was found.

    `found` chunks were candidates, of which `looked` had the second look; `dropped` are the best of those that are
    no passages, best first, and not many.
    """

    question: str
    found: int = 0
    looked: int = 0
    dropped: tuple[Dropped, ...] = ()
