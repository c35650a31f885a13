"""What a search hands over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ragchat.core.document import Chunk
    from ragchat.core.place import Place

Finder = Literal["dense", "lexical"]


@dataclass(frozen=True, slots=True)
class Passage:
    """A found chunk with the text around it.

    `rank` counts from one; `score` lies in 0..1 and compares passages of one search only.
    `before` and `after` are the neighbouring chunks of the same document, joined at reading time.
    """

    chunk: Chunk
    rank: int
    score: float
    found_by: tuple[Finder, ...]
    before: Chunk | None = None
    after: Chunk | None = None

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
