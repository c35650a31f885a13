"""The second look at the candidates: how well each chunk, read with its neighbours, fits the words of a question.

No model is needed. The words of the question are compared with those of a chunk exactly (by stem and as written),
softly (late interaction as in ColBERT, Khattab and Zaharia 2020, arXiv:2004.12832, but over static word vectors)
and in their order. All of it is arithmetic over arrays, for all candidates at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ragchat.index.words import DATE, NUMBER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ragchat.index.view import Facts, View

Value = TypeVar("Value", np.float32, np.bool_)

FEATURES = (
    "dense",
    "lexical",
    "soft_own",
    "soft_window",
    "soft_span",
    "written_window",
    "pairs_own",
    "pairs_window",
    "number",
    "date",
)
"""What `features` measures, in the order of its columns."""

WEIGHTS = (4.86, 1.55, 4.23, 2.73, 3.92, 2.16, 2.05, 1.38, 0.88, 0.75)
"""What each counts for the bundled embedder; learned by `benchmarks/ranking.py`."""

CONTEXTUAL_WEIGHTS = (7.21, 1.60, 3.87, 2.08, 3.59, 2.01, 1.93, 1.40, 0.71, 0.86)
"""The same for an embedder that reads words in their context; learned with MiniLM."""

# A span is two blocks side by side: about a sentence.
_BLOCK = 12
# Likeness as one number: below one by meaning, one by stem, above one as written.
_AS_WRITTEN = 1.25
# How much more a term counts that is rare everywhere; 1.25 to 1.75 do as well.
_CUT = np.float32(1.5)
# A question longer than this is a pasted text. Places in it are bits of one 64-bit number.
_MOST_WORDS = 64
_MOST_TERMS = 16


@dataclass(frozen=True, slots=True)
class Question:
    """`words` and `stems` (n,) are those of the question in order, function words included.

    A word or stem that the collection lacks has a number that no entry has. `content` (m,) are the places of the
    first occurrence of each term that is searched for, and `vectors` (m, width) their unit vectors. `rarity` (n,)
    is the inverse document frequency of each stem, greatest for one that the collection lacks. `cut` (m,) are the
    terms that are rare everywhere, whatever this collection is about.
    `number` and `date`: whether it asks how many, or when.
    """

    words: NDArray[np.int64]
    stems: NDArray[np.int64]
    content: NDArray[np.intp]
    vectors: NDArray[np.float32]
    rarity: NDArray[np.float32]
    cut: NDArray[np.bool_]
    number: bool = False
    date: bool = False


@dataclass(frozen=True, slots=True)
class Candidates:
    """`c` chunks: `own` and `near` as in `View.windows`, words first: `(l, c)` and `(k, c)` indices into `facts`.

    The last of `facts` is no word. `dense` (c,) are cosines with the question, `lexical` (c,) is the BM25 of the
    chunk.
    """

    own: NDArray[np.intp]
    near: NDArray[np.intp]
    facts: Facts
    dense: NDArray[np.float32]
    lexical: NDArray[np.float32]

    @classmethod
    def of(
        cls, view: View, slots: NDArray[np.int64], dense: NDArray[np.float32], lexical: NDArray[np.float32]
    ) -> Candidates:
        """The chunks in `slots`, with only those words that occur in them or beside them."""
        own, near = view.windows(slots)
        # Reductions over words run over whole rows of candidates when words come first.
        occurs = np.zeros(view.vocabulary + 1, np.bool_)
        occurs[own] = occurs[near] = occurs[-1] = True
        found = np.flatnonzero(occurs)
        numbers = np.empty(len(occurs), np.intp)
        numbers[found] = np.arange(len(found))
        return cls(numbers.take(own.T), numbers.take(near.T), view.facts(found), dense, lexical)

    def in_blocks(self) -> Candidates:
        """The same with no words enough below the others to fill the last block."""
        own, near = (
            np.concatenate((words, np.full((-len(words) % _BLOCK, words.shape[1]), len(self.facts.words) - 1)))
            for words in (self.own, self.near)
        )
        return replace(self, own=own, near=near)


def rank(question: Question, candidates: Candidates, weights: Sequence[float] = WEIGHTS) -> NDArray[np.float32]:
    """A score for each candidate, (c,): at most one, and greater is better."""
    scores: NDArray[np.float32] = features(question, candidates) @ np.asarray(weights, np.float32) / sum(weights)
    return np.minimum(scores, 1.0)


def features(question: Question, candidates: Candidates) -> NDArray[np.float32]:
    """`FEATURES` of each candidate, (c, len(FEATURES)); those of words are shares of what the question holds."""
    content = question.content[:_MOST_TERMS]
    total = float(question.rarity[content].sum()) + 1e-6
    importance = question.rarity[content] * np.where(question.cut[: len(content)], _CUT, np.float32(1.0))
    share = importance / (importance.sum() + 1e-6)
    candidates = candidates.in_blocks()
    own, near, facts = candidates.own, candidates.near, candidates.facts
    likeness = _likeness(question, content, facts)

    blocks_own, blocks_near = (_blocks(likeness.take(words, axis=1)) for words in (own, near))
    best_own = blocks_own.max(axis=1)
    best = np.maximum(best_own, blocks_near.max(axis=1))
    blocks = np.concatenate((blocks_own, blocks_near), axis=1)
    spans = np.tensordot(share, np.minimum(np.maximum(blocks[:, :-1], blocks[:, 1:]), 1.0), 1)
    columns = (
        candidates.dense,
        candidates.lexical / total,
        share @ np.minimum(best_own, 1.0),
        share @ np.minimum(best, 1.0),
        spans.max(axis=0),
        share @ (best > 1.0),
        *_pairs(question, facts.stems, own, near, total),
        *_answers(question, candidates, likeness, spans.argmax(axis=0)),
    )
    return np.stack(columns, axis=1).astype(np.float32)


def _likeness(question: Question, content: NDArray[np.intp], facts: Facts) -> NDArray[np.float32]:
    """(terms, words): the cosine, one for the same stem, `_AS_WRITTEN` for the same word; never negative."""
    like: NDArray[np.float32] = question.vectors[: len(content)] @ facts.vectors.T
    np.clip(like, 0.0, 0.999, out=like)
    like[question.stems[content][:, None] == facts.stems] = 1.0
    like[question.words[content][:, None] == facts.words] = _AS_WRITTEN
    like[:, -1] = 0.0
    return like


def _blocks(values: NDArray[Value]) -> NDArray[Value]:
    """The greatest value in each block of words: (terms, words, c) becomes (terms, blocks, c)."""
    terms, words, count = values.shape
    greatest: NDArray[Value] = values.reshape(terms, words // _BLOCK, _BLOCK, count).max(axis=2)
    return greatest


def _pairs(
    question: Question, found: NDArray[np.int64], own: NDArray[np.intp], near: NDArray[np.intp], total: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Which words of the question follow each other in the chunk, and in its window, as they do there."""
    stems, rarity = question.stems[:_MOST_WORDS], question.rarity[:_MOST_WORDS]
    places = np.uint64(1) << np.arange(len(stems), dtype=np.uint64)
    # Each word as the places in the question where its stem stands, a bit for each.
    bits = ((stems[:, None] == found) * places[:, None]).sum(axis=0, dtype=np.uint64)
    bits[-1] = 0
    in_own, in_near = (_following(bits.take(words)) for words in (own, near))
    weights = (rarity[:-1] + rarity[1:]) / (2.0 * total)
    return _unpacked(in_own, len(stems)) @ weights, _unpacked(in_own | in_near, len(stems)) @ weights


def _following(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """(c,): the places in the question whose words stand one behind the other in a column of `bits`, (l, c)."""
    found: NDArray[np.uint64] = np.bitwise_or.reduce((bits[:-1] << np.uint64(1)) & bits[1:], axis=0)
    return found


def _unpacked(bits: NDArray[np.uint64], count: int) -> NDArray[np.float32]:
    """Bits 1 to count - 1 of each number, (c, count - 1): bit n says that word n followed word n - 1."""
    ones = (bits[:, None] >> np.arange(1, count, dtype=np.uint64)) & np.uint64(1)
    return ones.astype(np.float32)


def _answers(
    question: Question, candidates: Candidates, likeness: NDArray[np.float32], best: NDArray[np.intp]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Whether the `best` span (c,) holds what is asked for and the question does not: a number, a date."""
    own, near = candidates.own, candidates.near
    nothing = np.zeros(own.shape[1], dtype=np.float32)
    if not (question.number or question.date):
        return nothing, nothing
    flags = (candidates.facts.kinds & (DATE if question.date else NUMBER)).astype(bool) & (
        likeness.max(axis=0) < 1.0
    )
    flags[-1] = False
    blocks = np.concatenate([_blocks(flags.take(words)[None])[0] for words in (own, near)])
    spans = blocks[:-1] | blocks[1:]
    held = np.take_along_axis(spans, best[None], axis=0)[0].astype(np.float32)
    return (nothing, held) if question.date else (held, nothing)
