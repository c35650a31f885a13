"""Do the passages hold an answer at all? The words of the question say so, and whether anything meant the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragchat.generation.extractive.evidence import Question
    from ragchat.generation.extractive.quotable import Sentence

Trait: TypeAlias = Literal["about", "read", "near", "beside", "named", "meant", "distant", "length", "bias"]
"""What may speak for an answer.

The share of the question in the passage of the best sentence (`about`), in that sentence as it is read, with
what stands before and above it (`read`), in a dozen words of any sentence (`near`), side by side there (`beside`);
the share of the question's names in the passage (`named`); whether the passage was found by meaning (`meant`),
and nothing was near in it (`distant`). A long question (`length`) is never covered as a short one is.
"""

WEIGHTS: dict[Trait, float] = {
    "about": 2.6,
    "read": 2.6,
    "near": 2.5,
    "beside": 3.2,
    "named": 2.3,
    "meant": 1.4,
    # Learned were -0.6, but the learning set is a large one, and hardly a question is distant from all of it.
    "distant": -2.6,
    "length": 2.5,
    "bias": -8.4,
}
# A word of the same root is nearly the word.
_AKIN = 0.7
_MANY_TERMS = 10


def traits(
    question: Question, best: Sentence, sentences: Sequence[Sentence], *, distant: bool
) -> dict[Trait, float]:
    """What speaks for an answer among `sentences`, of which `best` is one; each between 0 and 1."""
    before = best.before.known if best.before else frozenset()
    read = best.known | before | best.heading
    searched_by_meaning = any("dense" in sentence.passage.found_by for sentence in sentences)
    return {
        "about": question.share(best.about) + _AKIN * question.akin(best.about),
        "read": question.share(read) + _AKIN * question.akin(read),
        "near": max(map(question.near, sentences)),
        "beside": max(map(question.beside, sentences)),
        "named": question.named(best.about),
        "meant": float("dense" in best.passage.found_by or not searched_by_meaning),
        "distant": float(distant),
        "length": min(1.0, len(question.weights) / _MANY_TERMS),
        "bias": 1.0,
    }


def log_odds(question: Question, best: Sentence, sentences: Sequence[Sentence], *, distant: bool) -> float:
    """The logarithm of the odds that the passages answer an English question."""
    return sum(
        WEIGHTS[trait] * value for trait, value in traits(question, best, sentences, distant=distant).items()
    )
