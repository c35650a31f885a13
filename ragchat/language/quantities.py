"""Words that can answer "how many" and "when". English words; figures are figures everywhere."""

from __future__ import annotations

import re

QUANTITIES_VERSION = 1
"""Goes up when a word is counted otherwise: what is stored of the words must then be made again."""

_DIGIT = re.compile(r"\d")
_YEAR = re.compile(r"1\d{3}|20\d{2}")
_MONTHS = frozenset(
    re.findall(r"\w+", "january february march april may june july august september october november december")
)
_NUMBERS = frozenset(
    re.findall(
        r"\w+",
        """
    one two three four five six seven eight nine ten eleven twelve hundred thousand million billion
    half dozen percent twice once
    """,
    )
)


def is_number(word: str) -> bool:
    """Whether a folded word can say how many."""
    return word in _NUMBERS or _DIGIT.search(word) is not None


def is_date(word: str) -> bool:
    """Whether a folded word can say when."""
    return word in _MONTHS or _YEAR.fullmatch(word) is not None
