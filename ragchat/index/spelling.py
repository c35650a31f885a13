"""A word of a question that no document holds is read as the word it is one slip of the finger away from."""

from __future__ import annotations

import re
from string import ascii_lowercase
from typing import TYPE_CHECKING

from ragchat.language.terms import STOPWORDS, stemmed, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

# Shorter words have too many neighbours.
_SHORTEST = 4
# More are no slips: the question is in another language, or about something else.
_MOST = 3


def respelt(question: str, frequencies: Callable[[Iterable[str]], Mapping[str, int]]) -> dict[str, str]:
    """The words of `question` that occur nowhere, each with the nearest that does; without those that have none.

    `frequencies` tells of each term that occurs how many chunks hold it. Of several words one edit away the most
    frequent is meant (Norvig 2007, "How to write a spelling corrector").
    """
    content = dict.fromkeys(word for word in words(question) if word not in STOPWORDS and word.isalpha())
    of = dict(zip(content, stemmed(list(content)), strict=True))
    known = frequencies(of.values())
    unknown = [word for word in content if len(word) >= _SHORTEST and of[word] not in known]
    found = {word: _nearest(word, frequencies) for word in unknown} if len(unknown) <= _MOST else {}
    return {word: near for word, near in found.items() if near}


def reworded(question: str, changes: Mapping[str, str]) -> str:
    """`question` with the words of `changes` replaced."""
    for word, near in changes.items():
        question = re.sub(rf"\b{re.escape(word)}\b", near, question, flags=re.IGNORECASE)
    return question


def _nearest(word: str, frequencies: Callable[[Iterable[str]], Mapping[str, int]]) -> str | None:
    spelt = list(dict.fromkeys(_edits(word)))
    edits = dict(zip(spelt, stemmed(spelt), strict=True))
    known = frequencies(edits.values())
    # The first letter is seldom the wrong one.
    return max(
        (edit for edit, term in edits.items() if term in known),
        key=lambda edit: (edit[0] == word[0], known[edits[edit]], edit),
        default=None,
    )


def _edits(word: str) -> Iterator[str]:
    """Every word that one letter swapped, left out, changed or put in makes of `word`."""
    letters = sorted({*ascii_lowercase, *word})
    for at in range(len(word) + 1):
        head, tail = word[:at], word[at:]
        if tail:
            yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        for letter in letters:
            yield head + letter + tail
            if tail:
                yield head + letter + tail[1:]
