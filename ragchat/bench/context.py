"""Does what is handed over hold the answer? Judged by spans of characters, not by document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ragchat.bench.cases import Span
    from ragchat.core.passage import Passage


class Ruler(Protocol):
    """Measures text in tokens."""

    def token_ends(self, text: str) -> list[int]:
        """Where each token of `text` ends, in characters."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The characters of the document `source` that a reader gets, from `start` up to `end`."""

    source: str
    start: int
    end: int

    @classmethod
    def of(cls, passage: Passage) -> Stretch:
        """A passage as it is handed over: its chunk with the neighbours."""
        return cls(passage.chunk.source, passage.parts[0].start, passage.parts[-1].end)

    def holds(self, source: str, span: Span) -> bool:
        """Whether `span` of the document `source` lies in it wholly."""
        return self.source == source and self.start <= span[0] and span[1] <= self.end


def held(source: str, span: Span, stretches: Iterable[Stretch]) -> bool:
    """Whether one of `stretches` holds `span`; pieces of it in several do not make an answer."""
    return any(stretch.holds(source, span) for stretch in stretches)


def cut(passages: Sequence[Passage], tokens: int, ruler: Ruler) -> Iterator[Stretch]:
    """What is left of `passages`, in their order, when their texts may have `tokens` in all.

    The passage that does not fit is cut behind its last whole token.
    """
    for passage in passages:
        if tokens <= 0:
            return
        stretch = Stretch.of(passage)
        ends = ruler.token_ends(passage.text)
        kept = ends[tokens - 1] if len(ends) > tokens else len(passage.text)
        yield Stretch(stretch.source, stretch.start, stretch.start + kept)
        tokens -= len(ends)
