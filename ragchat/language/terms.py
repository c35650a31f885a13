"""Text as the terms it is found by."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

import Stemmer

if TYPE_CHECKING:
    from collections.abc import Sequence

TERMS_VERSION = 1
"""Goes up when the same text gives other terms: a stored word index must then be made again."""

# The vowel signs of Indian and South East Asian scripts belong to the word; to `\w` they are none of it.
_WORD = re.compile(
    r"[\w\u0900-\u0963\u0971-\u0df3\u0e31-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ecd\u102b-\u109d\u17b4-\u17d3]+"
)
_ASCII_WORD = re.compile(r"[A-Za-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# Scripts written without spaces: Kana, Han, Hangul, Thai, Lao, Khmer, Burmese.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_ACCENTS = re.compile("[\u0300-\u036f]")
# A word longer than this is no word but data (base64, a hash list); its beginning identifies it.
_LONGEST = 64

# Without its own cache, which forgets all it holds whenever it is full.
_stemmer = Stemmer.Stemmer("english", 0)
# A text repeats its words: what was found out about one is kept, which makes an ingest quicker.
_KEPT = 1 << 16

STOPWORDS = frozenset(
    re.findall(
        r"\w+",
        """
    a about above after again against all also am an and any are as at be because been before being below
    between both but by can could did do does doing don down during each few for from further get gets got
    had has have having he her here hers him his how i if in into is it its just ll me many might more most
    much must my no nor not now o of
    off on once only or other our out over own re s same shall she should so some such t than that the their
    them then there these they this those through to too under until up us ve very was we were what when
    where which while who whom whose why will with would you your yours
    """,
    )
)
"""English function words: kept in the index, left out of questions that hold anything else."""


def terms(text: str) -> list[str]:
    """The stemmed terms of `text` in order, repeated as often as they occur.

    Identifiers give themselves and their parts (`parseFile`, `parse_file`: parse, file). Scripts
    written without spaces give character pairs.
    """
    return stemmed(words(text))


def query_terms(question: str) -> list[str]:
    """The terms worth searching for, each once: without function words, unless nothing else is there."""
    found = words(question)
    content = [word for word in found if word not in STOPWORDS]
    return list(dict.fromkeys(stemmed(content or found)))


def stemmed(found: Sequence[str]) -> list[str]:
    """The term of each word."""
    return list(map(_stem, found))


@lru_cache(_KEPT)
def _stem(word: str) -> str:
    stem: str = _stemmer.stemWord(word)
    return stem


def words(text: str) -> list[str]:
    """The words of `text`, case folded and not stemmed, in order; identifiers as in `terms`."""
    return list(chain.from_iterable(map(_words_of, _runs(text))))


def _runs(text: str) -> list[str]:
    """The unbroken runs of letters and digits in `text`."""
    # The underscore, to `\w` a letter, parts the words of an identifier.
    return _ASCII_WORD.findall(text) if text.isascii() else _WORD.findall(_folded(text).replace("_", " "))


def _folded(text: str) -> str:
    """`text` with compatible characters made one and Latin, Greek and Cyrillic letters without their accents."""
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFKD", text)))


@lru_cache(_KEPT)
def _words_of(run: str) -> list[str]:
    if _UNSPACED.search(run):
        return _pairs(run.casefold())
    word = run[:_LONGEST]
    folded = word.casefold()
    if word.isascii() and not (word.islower() or word.istitle() or word.isupper() or word.isdigit()):
        return [folded, *_camel_parts(word, folded)]
    return [folded]


def _camel_parts(word: str, folded: str) -> list[str]:
    return [part for piece in _CAMEL.split(word) if (part := piece.casefold()) != folded]


def _pairs(word: str) -> list[str]:
    return [word[index : index + 2] for index in range(max(1, len(word) - 1))]
