"""The finished text is held against its passages: what does each mark lead to, and is it borne out?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ragchat.core.answer import Citation
from ragchat.language.sentences import sentence_spans
from ragchat.language.terms import STOPWORDS, query_terms, terms, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragchat.core.passage import Passage
    from ragchat.core.place import Place

# What `pipeline.marks` leaves in a text; `xs[0]` and `[1999]` are none.
_MARKS = re.compile(r" ?\[([1-9]\d?)\]")
_MARKS_BEHIND = re.compile(r"([.!?…。！？]+[\"'”’»)]*)((?:\s*\[[1-9]\d?\])+)")
_DIGITS = re.compile(r"\d")
_LIST_NUMBER = re.compile(r"\A\s*\d{1,3}[.)](?:\s+|\Z)")
# A sentence shorter than this asserts too little to be checked: "Bread, then." A number does assert.
_FEWEST_TERMS = 3
_FEWEST_WITH_NUMBER = 2
# Half of its content words: a paraphrase keeps that much, a free invention does not.
_SUPPORT = 0.5


def cite(text: str, passages: Sequence[Passage]) -> tuple[Citation, ...]:
    """What the marks of `text` lead to, in order of appearance: the words that bear their sentence out best.

    A mark that stands behind several sentences has a citation for each place it leads to.
    """
    citations: dict[tuple[int, Place], Citation] = {}
    for sentence in _sentences(text):
        for marker in _markers(sentence, len(passages)):
            citation = _citation(marker, _bare(sentence), passages[marker - 1])
            citations.setdefault((marker, citation.place), citation)
    return tuple(citations.values())


def unsupported(text: str, passages: Sequence[Passage]) -> list[str]:
    """The sentences of `text` that neither the passages they cite nor, uncited, any other bears out.

    A sentence is borne out when half of its content words, and all of its numbers, stand in the passages.
    """
    known = [set(terms(passage.chunk.heading)) | set(terms(passage.text)) for passage in passages]
    found: list[str] = []
    for sentence in _sentences(text):
        cited = [known[marker - 1] for marker in _markers(sentence, len(known))] or known
        bare = _bare(sentence).strip()
        if not STOPWORDS.issuperset(words(bare)) and not _borne_out(query_terms(bare), set().union(*cited)):
            found.append(bare)
    return found


def _borne_out(wanted: Sequence[str], known: set[str]) -> bool:
    missing = [term for term in wanted if term not in known]
    if len(wanted) >= _FEWEST_WITH_NUMBER and any(_DIGITS.search(term) for term in missing):
        return False
    return len(wanted) < _FEWEST_TERMS or len(missing) <= (1 - _SUPPORT) * len(wanted)


def _citation(marker: int, sentence: str, passage: Passage) -> Citation:
    wanted = set(query_terms(sentence))
    text = passage.text
    start, end = max(
        sentence_spans(text),
        key=lambda span: len(wanted.intersection(terms(text[slice(*span)]))),
        default=(0, len(text)),
    )
    return Citation(marker, passage, text[start:end].strip(), passage.place.within(text, start, end))


def _sentences(text: str) -> list[str]:
    """The sentences, each with the marks that follow its full stop and without its number in a list."""
    moved = _MARKS_BEHIND.sub(r"\2\1", text)
    sentences = (_LIST_NUMBER.sub("", moved[slice(*span)]) for span in sentence_spans(moved))
    return [sentence for sentence in sentences if sentence.strip()]


def _markers(sentence: str, passages: int) -> list[int]:
    return [marker for number in _MARKS.findall(sentence) if (marker := int(number)) <= passages]


def _bare(sentence: str) -> str:
    return _MARKS.sub("", sentence)
