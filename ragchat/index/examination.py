"""What the second look at the candidates sees, and what the first looks said of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragchat.core.passage import Scores

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragchat.core.passage import Finder
    from ragchat.index.rerank import Candidates, Question
    from ragchat.index.view import View


@dataclass(frozen=True, slots=True)
class Examination:
    """What the second look sees of a question: the candidates in `slots`, `(c,)`, of `view`.

    `nearest` and `wordy` are the slots that each of the two searches found, best first; together they are `found`
    chunks. `fused` (c,) is what the searches say together.
    """

    view: View
    slots: NDArray[np.int64]
    question: Question
    candidates: Candidates
    nearest: NDArray[np.int64]
    wordy: NDArray[np.int64]
    fused: NDArray[np.float32]
    found: int

    def scores(self) -> Scored:
        """What the first looks said, to be asked for each candidate."""
        return Scored(self, _ranks(self.nearest), _ranks(self.wordy))


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of an examination, and the rank from one of each slot that a search found."""

    examined: Examination
    dense_ranks: dict[int, int]
    lexical_ranks: dict[int, int]

    def of(self, at: int) -> Scores:
        """Those of the candidate with the index `at`."""
        slot, candidates = int(self.examined.slots[at]), self.examined.candidates
        return Scores(
            # A question with a direction is always near to something.
            dense=float(candidates.dense[at]) if self.dense_ranks else None,
            dense_rank=self.dense_ranks.get(slot),
            lexical=float(candidates.lexical[at]),
            lexical_rank=self.lexical_ranks.get(slot),
            fused=float(self.examined.fused[at]),
        )


def finders(scores: Scores) -> tuple[Finder, ...]:
    """Which of the two searches found a chunk."""
    ranks: tuple[tuple[Finder, int | None], ...] = (("dense", scores.dense_rank), ("lexical", scores.lexical_rank))
    return tuple(name for name, rank in ranks if rank)


def _ranks(slots: NDArray[np.int64]) -> dict[int, int]:
    return {slot: rank for rank, slot in enumerate(slots.tolist(), start=1)}
