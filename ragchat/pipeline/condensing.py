"""A follow-up becomes a question that stands by itself, so that it finds what it is about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ragchat.language.terms import STOPWORDS, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ragchat.core.answer import Turn

_CONTINUES = re.compile(
    r"\s*(?:and|but|or|so|also|then|again|why|how so|how come|what about|how about|what else|who else|what if)\b",
    re.IGNORECASE,
)
# Not “Are there soups?”, nor “Is one egg enough?”.
_REFERS = re.compile(
    r"\b(?:it|its|he|him|his|she|her|hers|they|them|their|theirs|this|that|these|those"
    r"|(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )there"
    r"|(?:the|which|other|another|first|second|next|last) ones?)\b",
    re.IGNORECASE,
)
# A longer one says itself what its pronouns stand for.
_MOST_WORDS = 25
# “What is tahdig?” has one word of its own, and is whole.
_DEFINES = re.compile(r"\s*(?:what|who|where|when)(?:['’]s|\s+(?:is|are|was|were))\b", re.IGNORECASE)
# A question with more words of its own says itself what it is about, whatever it refers to.
_FEW = 3
# Further back, a conversation is about something else.
_MOST_TURNS = 3


def standalone(question: str, turns: Sequence[Turn]) -> str:
    """`question`, with the one before it in front when it does not stand by itself.

    Rules for English, and no model: a follow-up begins with a word that continues, refers back with few words of
    its own, or has hardly any and asks not what something is.
    """
    asked = [turn.question.strip() for turn in turns[-_MOST_TURNS:]]
    parts = [question]
    while asked and _follows(parts[0]):
        parts.insert(0, asked.pop())
    return " ".join(parts)


def refers(question: str) -> bool:
    """Whether `question` may need the conversation: what follows by the rules, any pronoun, and hardly a word.

    Of a question without one English function word the rules know nothing: it is in another language. A long one
    says itself what it is about.
    """
    said = words(question)
    if _follows(question) or len(said) > _MOST_WORDS:
        return _follows(question)
    own = _own(said)
    return _REFERS.search(question) is not None or len(own) < 2 or len(own) == len(said)


def _follows(question: str) -> bool:
    own = len(_own(words(question)))
    if _CONTINUES.match(question) or not own:
        return True
    if _REFERS.search(question):
        return own <= _FEW
    return own < 2 and not _DEFINES.match(question)


def _own(said: Iterable[str]) -> list[str]:
    return [word for word in said if word not in STOPWORDS]
