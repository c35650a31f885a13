"""What a question asks for, and what a sentence that answers it must hold. English; others expect nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeAlias

from ragchat.language.terms import STOPWORDS, words

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind: TypeAlias = Literal["date", "span", "number", "person", "place", "reason"]
"""A kind of answer; `span` is one of time."""

_MONTH = (
    r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)s?\b"
)
_PERIOD = (
    r"\b(?:seconds?|minutes?|hour(?:s|ly)?|days?|daily|week(?:s|ly)?|month(?:s|ly)?|year(?:s|ly)?|annual(?:ly)?|decades?"
    r"|century|centuries|overnight|nights?|mornings?|evenings?|winters?|summers?|spring|autumn|seasons?)\b"
)
_DATE = rf"\b\d{{4}}\b|{_MONTH}|\b\d+(?:st|nd|rd|th|s)\b|{_PERIOD}"
_NUMBER = (
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|twenty|thirty|forty|fifty|sixty"
    r"|hundred|thousand|million|billion|half|third|quarter|once|twice|double|none)s?\b"
)
# The first word of a sentence is capitalised whatever it is.
_NAME = r"(?<![.!?] )(?<!\A)(?<![\"(|])\b[A-Z][\w’'-]+"
_PLACE = r"\b(?:in|at|on|near|from|to|of|between|across|outside|inside)(?: the)? [A-Z]\w+"
_REASON = (
    r"\b(?:because|since|due to|owing to|so that|in order to|therefore|thus|as a result|which is why|reasons?"
    r"|caused?|causes|led to|to avoid|to prevent|otherwise|keeps?|allow(?:s|ed|ing)?)\b"
)

_SOME = r"(?:what|which)(?: [\w-]+){0,2}"
_DATED = rf"when|{_SOME} (?:year|date|day|month|decade|century|time)"
_LASTING = r"how (?:long|soon|often|old|quickly)|how many (?:years|months|weeks|days|hours|minutes)"
_COUNTED = (
    r"how (?:many|much|hot|cold|old|far|big|tall|high|heavy|thick|large|deep|wide|fast|long|small|late|early"
    rf"|close)|{_SOME} (?:percent|percentage|number|ratio|temperature|population|amount|share|size|speed|rate|cost"
    r"|price|age|length|height|width|weight|distance|portion|fraction|proportions?)"
)
_LOCATED = rf"where|{_SOME} (?:city|country|state|place|location|region|continent|area|town)"
_EXPLAINED = r"why|what (?:caused|causes|made|led)|reasons?|purpose"


def _expectation(
    asked: str, held: str, flags: re.RegexFlag = re.IGNORECASE
) -> tuple[re.Pattern[str], re.Pattern[str]]:
    return re.compile(rf"\b(?:{asked})\b", re.IGNORECASE), re.compile(held, flags)


_EXPECTATIONS: dict[Kind, tuple[re.Pattern[str], re.Pattern[str]]] = {
    "date": _expectation(_DATED, _DATE),
    "span": _expectation(_LASTING, _PERIOD),
    "number": _expectation(_COUNTED, _NUMBER),
    "person": _expectation("who|whom|whose", _NAME, re.NOFLAG),
    "place": _expectation(_LOCATED, _PLACE, re.NOFLAG),
    "reason": _expectation(_EXPLAINED, _REASON),
}
_DEFINITION = re.compile(
    r"\W*(?:what|who) (?:is|are|was|were) (?:an? |the )?(?P<subject>[^?]{1,80}?)\W*", re.IGNORECASE
)
_NAMED = re.compile(
    r"\b(?:which|who|whom|called|what (?!(?:is|are|was|were|do|does|did|has|have|can|would|should)\b)\w+)\b",
    re.IGNORECASE,
)
# Half of the words of an English question are function words; hardly one in other languages is spelt as they are.
_ENGLISH = 1 / 3
# A pasted text tells its language by its beginning.
_BEGINNING = 2_000


def expectations(question: str) -> Mapping[Kind, re.Pattern[str]]:
    """The kinds of answer that `question` asks for, each with what a sentence of that kind holds."""
    return {kind: held for kind, (asked, held) in _EXPECTATIONS.items() if asked.search(question)}


def asks_for_name(question: str) -> bool:
    """Whether what answers `question` is called something."""
    return _NAMED.search(question) is not None


def names(text: str) -> list[str]:
    """The words of `text` that are capitalised although no sentence begins with them."""
    return re.findall(_NAME, text)


def definition(question: str) -> re.Pattern[str] | None:
    """How a sentence begins that says what a thing is, when that is all that `question` asks."""
    match = _DEFINITION.fullmatch(question)
    if match is None:
        return None
    return re.compile(rf"(?:an? |the )?(?:\w+ ){{0,2}}?{re.escape(match['subject'])}\b", re.IGNORECASE)


def is_english(question: str) -> bool:
    """Whether so many words of `question` are English function words that it must be English."""
    found = words(question[:_BEGINNING])
    return sum(word in STOPWORDS for word in found) > _ENGLISH * len(found)
