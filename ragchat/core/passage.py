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
    `before` and `after` are the neighbouring chunks' text, joined at reading time.
    """

    chunk: Chunk
    rank: int
    score: float
    found_by: tuple[Finder, ...]
    before: str = ""
    after: str = ""

    @property
    def text(self) -> str:
        """The chunk with its neighbours, exactly as in the document."""
        return f"{self.before}{self.chunk.text}{self.after}"

    @property
    def place(self) -> Place:
        """Where `text` lies."""
        chunk = self.chunk.text
        tail = chunk[len(chunk.rstrip()) :]
        return self.chunk.place.widened(self.before, tail + self.after)
