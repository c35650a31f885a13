"""A follow-up becomes a question that stands by itself, so that it finds what it is about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ragchat.language.terms import STOPWORDS, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragchat.core.answer import Turn

_CONTINUES = re.compile(
    r"\s*(?:and|but|or|so|also|then|again|why|how so|how come|what about|how about|what else|who else|what if)\b",
    re.IGNORECASE,
)
_REFERS = re.compile(
    r"\b(?:it|its|he|him|his|she|her|hers|they|them|their|theirs|this|that|these|those|there|ones?)\b",
    re.IGNORECASE,
)
_STANDS_FOR = re.compile(r"\b(?:it|its|he|him|his|she|her|hers|they|them|their|theirs)\b", re.IGNORECASE)
# A longer one says itself what its pronouns stand for.
_MOST_WORDS = 25
# A question with more words of its own says itself what it is about, whatever it refers to.
_FEW = 3
# Further back, a conversation is about something else.
_MOST_TURNS = 3


def standalone(question: str, turns: Sequence[Turn]) -> str:
    """`question`, with the one before it in front when it does not stand by itself.

    Rules, and no model: a follow-up begins with a word that continues, refers back with few words of its own,
    or has hardly any.
    """
    asked = [turn.question.strip() for turn in turns[-_MOST_TURNS:]]
    parts = [question]
    while asked and _follows(parts[0]):
        parts.insert(0, asked.pop())
    return " ".join(parts)


def refers(question: str) -> bool:
    """Whether `question` may need the conversation: what follows by the rules, and a short one with a pronoun."""
    return _follows(question) or (
        _STANDS_FOR.search(question) is not None and len(question.split()) <= _MOST_WORDS
    )


def _follows(question: str) -> bool:
    own = [word for word in words(question) if word not in STOPWORDS]
    if _CONTINUES.match(question):
        return True
    return len(own) < 2 or (len(own) <= _FEW and _REFERS.search(question) is not None)
