"""A cited answer, and the turn of a conversation it belongs to."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from ragchat.core.completion import Completion
    from ragchat.core.passage import Passage, Search
    from ragchat.core.place import Place


@dataclass(frozen=True, slots=True)
class Citation:
    """A mark `[marker]` of the answer, and the words of the passage that bear it out.

    `place` is the place of `quote`, which is narrower than the passage's.
    """

    marker: int
    passage: Passage
    quote: str
    place: Place


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person gets: `text` holds only marks that lead to one of `citations`.

    `grounded`: at least one mark, and no sentence that the passages do not bear out; such sentences are
    `unsupported`. The first `read` passages were given to who answered, the others did not fit. `retrieval_s` are
    seconds, and `search` tells how the passages were found. `rewriting` is what it took a model to say what a
    follow-up means.
    """

    text: str
    completion: Completion
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    notices: tuple[str, ...]
    grounded: bool
    retrieval_s: float
    _: KW_ONLY
    unsupported: tuple[str, ...] = ()
    read: int = 0
    search: Search | None = None
    rewriting: Completion | None = None

    @property
    def completions(self) -> tuple[Completion, ...]:
        """All that was asked of models for it, in its order."""
        return (self.completion,) if self.rewriting is None else (self.rewriting, self.completion)

    @property
    def total_s(self) -> float:
        """Seconds from the question to the last word, the search among them."""
        return self.retrieval_s + sum(completion.usage.total_s for completion in self.completions)

    @property
    def known_cost(self) -> Decimal:
        """US dollars, as far as they are known: see `cost_unknown`."""
        return sum(filter(None, (completion.usage.cost for completion in self.completions)), Decimal(0))

    @property
    def cost_unknown(self) -> bool:
        """Whether something that was asked for it has no price."""
        return any(completion.usage.cost is None for completion in self.completions)


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its answer."""

    question: str
    answer: Answer
    at: datetime
