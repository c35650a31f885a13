"""What speaks for a sentence as the answer, and for the passages as holding one. No model: words and their places.

Signs are weighed linearly; `benchmarks/extractive_weights.py` learned the weights.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from itertools import pairwise
from os.path import commonprefix
from typing import TYPE_CHECKING, Literal, TypeAlias

from ragchat.language.questions import asks_for_name, definition, expectations, names
from ragchat.language.terms import STOPWORDS, query_terms, terms

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from ragchat.generation.extractive.quotable import Sentence

Sign: TypeAlias = Literal[
    "own", "near", "beside", "before", "heading", "akin", "passage", "definition",
    "date", "span", "number", "person", "place", "reason",
]  # fmt: skip
"""What may speak for a sentence.

The share of the question in it (`own`), in a dozen words of it (`near`), side by side there as in the question
(`beside`), and of what is missing, in the sentence before, in the heading, in words of the same root (`akin`);
how good its passage is compared with the best; whether it begins like a definition that is asked for; whether it
holds an answer of a kind asked for that the question does not hold itself.
"""

WEIGHTS: dict[Sign, float] = {
    "own": 5.3,
    "near": 2.9,
    "beside": 1.1,
    "before": 2.2,
    "heading": 4.2,
    "akin": 2.0,
    "passage": 5.4,
    "definition": 1.2,
    "date": 2.3,
    "span": 1.7,
    "number": 1.7,
    "person": 0.8,
    "place": 1.3,
    "reason": 1.1,
}

# A question longer than this is a pasted text; its first terms say what it is about.
_MOST_TERMS = 64
_WINDOW = 12
_NAME = re.compile(r"(?<=\s)[A-Z\d][\w’'-]*")
_WORD = re.compile(r"[\w’'-]+")
# What words of one root (`Norway`, `Norwegian`) have in common; fewer letters are common to any two.
_ROOT = 0.6
_SHORTEST_ROOT = 4


class Question:
    """A question asked of some sentences: what is rare among them weighs most."""

    def __init__(self, text: str, sentences: Sequence[Sentence]) -> None:
        wanted = query_terms(text)[:_MOST_TERMS]
        occurrences = Counter(term for sentence in sentences for term in sentence.known)
        rarity = {term: math.log(1 + len(sentences) / max(1, occurrences[term])) for term in wanted}
        total = sum(rarity.values()) or 1.0
        self.weights = {term: weight / total for term, weight in rarity.items()}
        self._pairs = {pair: min(self.weights[term] for term in pair) for pair in pairwise(wanted)}
        self._kin = _kin(wanted, set().union(*(sentence.about for sentence in sentences)))
        self._expected = expectations(text)
        self._definition = definition(text)
        self._asks_for_name = asks_for_name(text)
        self._words = frozenset(_WORD.findall(text.casefold()))
        named = (term for name in _NAME.findall(text) for term in terms(name))
        self._names = {term: self.weights[term] for term in named if term in self.weights}
        self._best = max((sentence.passage.score for sentence in sentences), default=0.0) or 1.0

    def share(self, known: Collection[str]) -> float:
        """The share of the question that the terms `known` hold, between 0 and 1."""
        return sum(weight for term, weight in self.weights.items() if term in known)

    def akin(self, known: frozenset[str]) -> float:
        """The share that `known` holds in words of the same root only."""
        return sum(
            self.weights[term]
            for term, kin in self._kin.items()
            if term not in known and not known.isdisjoint(kin)
        )

    def named(self, known: frozenset[str]) -> float:
        """The share of the names and numbers in the question that `known` holds; one when it has none."""
        held = (
            weight
            for term, weight in self._names.items()
            if term in known or not known.isdisjoint(self._kin.get(term, ()))
        )
        return sum(held) / sum(self._names.values()) if self._names else 1.0

    def near(self, sentence: Sentence) -> float:
        """The greatest share that a dozen of its words hold."""
        found = [(at, term) for at, term in enumerate(sentence.terms) if term in self.weights]
        windows = (
            {term for at, term in found[first : first + _WINDOW] if at - start < _WINDOW}
            for first, (start, _) in enumerate(found)
        )
        return max((sum(self.weights[term] for term in window) for window in windows), default=0.0)

    def beside(self, sentence: Sentence) -> float:
        """The share of the question that stands side by side in it and in the sentence."""
        if not self._pairs:
            return 0.0
        found = set(pairwise(term for term in sentence.terms if term not in STOPWORDS))
        return sum(weight for pair, weight in self._pairs.items() if pair in found or pair[::-1] in found)

    def misses_name(self, sentence: Sentence) -> bool:
        """Whether a name is asked for and `sentence` holds none but those of the question."""
        return self._asks_for_name and self._words.issuperset(map(str.casefold, names(sentence.text)))

    def signs(self, sentence: Sentence) -> dict[Sign, float]:
        """What speaks for `sentence`, each between 0 and 1."""
        before = sentence.before.known if sentence.before else frozenset()
        found: dict[Sign, float] = {
            "own": self.share(sentence.known),
            "near": self.near(sentence),
            "beside": self.beside(sentence),
            "before": self.share(before - sentence.known),
            "heading": self.share(sentence.heading - sentence.known),
            "akin": self.akin(sentence.known),
            "passage": sentence.passage.score / self._best,
        }
        if self._definition and self._definition.match(sentence.text):
            found["definition"] = 1.0
        for kind, held in self._expected.items():
            found[kind] = float(
                any(match[0].casefold() not in self._words for match in held.finditer(sentence.text))
            )
        return found

    def score(self, sentence: Sentence) -> float:
        """How well `sentence` answers, as the logarithm of odds against the other sentences."""
        return sum(WEIGHTS[sign] * value for sign, value in self.signs(sentence).items())


def _kin(wanted: Iterable[str], vocabulary: Iterable[str]) -> dict[str, frozenset[str]]:
    """The words of `vocabulary` that have the same root as each of `wanted`, where there are any."""
    beginnings = defaultdict[str, list[str]](list)
    for term in vocabulary:
        if len(term) >= _SHORTEST_ROOT:
            beginnings[term[:_SHORTEST_ROOT]].append(term)
    kin = {
        term: frozenset(other for other in beginnings[term[:_SHORTEST_ROOT]] if _same_root(term, other))
        for term in wanted
        if term[:_SHORTEST_ROOT] in beginnings
    }
    return {term: others for term, others in kin.items() if others}


def _same_root(term: str, other: str) -> bool:
    return term != other and len(commonprefix((term, other))) >= _ROOT * max(len(term), len(other))
