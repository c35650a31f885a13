"""The words of a question, as the second look at the candidates wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ragchat.index.rerank import Question
from ragchat.index.words import CUT, SCALE
from ragchat.language.questions import expectations
from ragchat.language.terms import STOPWORDS, stemmed, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ragchat.index.view import View
    from ragchat.index.words import WordFacts

# A longer question is a pasted text; its first words say what it is about.
_MOST_WORDS = 64
# No word has this number.
_UNKNOWN = -1


def terms_asked(question: str) -> set[str]:
    """The words of `question` and their terms."""
    found = words(question)[:_MOST_WORDS]
    return {*found, *stemmed(found)}


def ask(
    ids: Callable[[Iterable[str]], Mapping[str, int]], view: View, facts: WordFacts, question: str
) -> Question:
    """`question` in the numbers of `view`, which `ids` gives; raises `EmbedderError` without vectors of words."""
    found = words(question)[:_MOST_WORDS]
    stems = stemmed(found)
    numbers = ids({*found, *stems})
    content = [at for at, word in enumerate(found) if word not in STOPWORDS] or range(len(found))
    # Of each term the first occurrence, in the order of the question.
    firsts = list({stems[at]: at for at in reversed(content)}.values())[::-1]
    known = [numbers[stem] for stem in dict.fromkeys(stems) if stem in numbers]
    rarity = dict(zip(known, map(view.rarity, view.frequencies(known)), strict=True))
    kinds = expectations(question)
    vectors, of_terms = facts.of([found[at] for at in firsts])
    return Question(
        words=np.array([numbers.get(word, _UNKNOWN) for word in found], np.int64),
        stems=np.array([numbers.get(stem, _UNKNOWN) for stem in stems], np.int64),
        content=np.array(firsts, np.intp),
        vectors=vectors.astype(np.float32) / SCALE,
        cut=(of_terms & CUT).astype(bool),
        rarity=np.array([rarity.get(numbers.get(stem, _UNKNOWN), view.rarity(0)) for stem in stems], np.float32),
        number="number" in kinds,
        date="date" in kinds,
    )
