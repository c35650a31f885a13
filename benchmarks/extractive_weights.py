"""Learns what the signs of an answer weigh, from the first half of a question set.

    python -m benchmarks.extractive_weights FOLDER

Prints the weights of `generation/extractive/evidence.py`: a softmax over the sentences of each question, of which
those that hold an accepted answer are right; and those of `generation/extractive/confidence.py`: a logistic
regression that tells these questions from ones whose document, with all of its title, was left out of the corpus.
Weights of signs are never negative. Round them and write them there; judge them on other sets.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from benchmarks.extractive import TOP_K, holds, indexed, learned_from, read_cases, read_corpus, spread, without
from ragchat.generation.extractive.confidence import Trait, traits
from ragchat.generation.extractive.evidence import Question, Sign
from ragchat.generation.extractive.quotable import sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.extractive import Case
    from ragchat.index.retriever import Retriever

Array: TypeAlias = NDArray[np.float64]
SIGNS: tuple[Sign, ...] = get_args(Sign)
TRAITS: tuple[Trait, ...] = get_args(Trait)
_QUESTIONS = 2000
_UNANSWERABLE = 600
_STEPS = 3000


def main(folder: Path) -> int:
    """Learn from the set in `folder`."""
    cases = learned_from(read_cases(folder / "queries.jsonl"))
    corpus = read_corpus(folder / "corpus.jsonl")
    with indexed(corpus) as retriever:
        asked = spread(cases, _QUESTIONS)
        _print(SIGNS, learn_signs([signs for case in asked if (signs := _signs(retriever, case))]))
        answerable = list(_traits(retriever, asked))
    unanswerable: list[list[float]] = []
    for kept, without_document in without(corpus, spread(cases, _UNANSWERABLE)):
        with indexed(kept) as retriever:
            unanswerable += _traits(retriever, without_document)
    _print(TRAITS, learn_traits(np.array(answerable), np.array(unanswerable)))
    return 0


def learn_signs(groups: Sequence[tuple[Array, Array]]) -> Array:
    """The weights, from groups of sentences: their signs, a row each, and whether each is right."""
    rows = np.concatenate([signs for signs, _ in groups])
    right = np.concatenate([right for _, right in groups])
    starts = np.cumsum([0, *(len(right) for _, right in groups[:-1])])
    of_group = np.repeat(np.arange(len(groups)), [len(right) for _, right in groups])

    def gradient(weights: Array) -> Array:
        scores = rows @ weights
        odds = np.exp(scores - np.maximum.reduceat(scores, starts)[of_group])
        chances = odds / np.add.reduceat(odds, starts)[of_group]
        chances_right = odds * right / np.add.reduceat(odds * right, starts)[of_group]
        slope: Array = ((chances - chances_right) @ rows + weights) / len(groups)
        return slope

    return _descended(gradient, rows.shape[1], least=0.0)


def learn_traits(answerable: Array, unanswerable: Array) -> Array:
    """The weights that tell the two apart, both counting the same; the last, the bias, is not held small."""
    rows = np.concatenate([answerable, unanswerable])
    wanted = np.repeat([1.0, 0.0], [len(answerable), len(unanswerable)])
    counts = np.repeat([0.5 / len(answerable), 0.5 / len(unanswerable)], [len(answerable), len(unanswerable)])
    held = np.append(np.full(rows.shape[1] - 1, 1e-3), 0.0)

    def gradient(weights: Array) -> Array:
        errors: Array = counts * (1 / (1 + np.exp(-rows @ weights)) - wanted)
        slope: Array = errors @ rows + held * weights
        return slope

    return _descended(gradient, rows.shape[1], least=-np.inf)


def _descended(gradient: Callable[[Array], Array], width: int, *, least: float) -> Array:
    """Where Adam (arXiv:1412.6980) ends; both functions are convex."""
    weights: Array = np.zeros(width)
    mean, square = np.zeros(width), np.zeros(width)
    for step in range(1, _STEPS + 1):
        slope = gradient(weights)
        mean = 0.9 * mean + 0.1 * slope
        square = 0.999 * square + 0.001 * slope**2
        rate = 0.05 * (1 - step / (_STEPS + 1))
        change = rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
        weights = np.maximum(weights - change, least)
    return weights


def _signs(retriever: Retriever, case: Case) -> tuple[Array, Array] | None:
    """The signs of each sentence and whether it is right; None where that teaches nothing."""
    found = sentences(retriever.search(case.text, TOP_K).passages)
    question = Question(case.text, found)
    right = np.array([holds(sentence.text, case.answers) for sentence in found], dtype=np.float64)
    if not 0 < right.sum() < len(right):
        return None
    signs = [question.signs(sentence) for sentence in found]
    return np.array([[values.get(sign, 0.0) for sign in SIGNS] for values in signs]), right


def _traits(retriever: Retriever, cases: Sequence[Case]) -> Iterator[list[float]]:
    for case in cases:
        result = retriever.search(case.text, TOP_K)
        found = sentences(result.passages)
        question = Question(case.text, found)
        if found and question.weights:
            values = traits(question, max(found, key=question.score), found, distant=result.distant)
            yield [values[trait] for trait in TRAITS]


def _print(names: Sequence[str], weights: Array) -> None:
    for name, weight in zip(names, weights, strict=True):
        print(f"{name:12} {weight:6.2f}")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
