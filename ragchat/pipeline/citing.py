"""The finished text is held against its passages: what does each mark lead to, and is it borne out?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ragchat.core.answer import Citation
from ragchat.language.marks import MARK, Quotations
from ragchat.language.sentences import sentence_spans
from ragchat.language.terms import STOPWORDS, query_terms, terms, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ragchat.core.passage import Passage
    from ragchat.core.place import Place

_SPACED_MARK = re.compile(rf" ?{MARK.pattern}")
_DIGITS = re.compile(r"\d")
_LIST_NUMBER = re.compile(r"\A\s*\d{1,3}[.)](?:\s+|\Z)")
_NEXT_QUOTATION = re.compile(r"”\s+(?=“)")
# CommonMark 0.31, section 4.5: a fence nobody closes ends with the text.
_FENCED = re.compile(
    r"^ {0,3}(?P<fence>`{3,}|~{3,})[^\n]*\n(?:.*?\n)?? {0,3}(?P=fence)[`~]*[ \t]*$|^ {0,3}(?:`{3,}|~{3,}).*\Z",
    re.MULTILINE | re.DOTALL,
)
_HEADING = re.compile(r"\s*#{1,6}[ \t]")
_LEAD_IN = re.compile(r"[:：][*_]*\Z")
# A sentence shorter than this asserts too little to be checked: "Bread, then." A number does assert.
_FEWEST_TERMS = 3
_FEWEST_WITH_NUMBER = 2
# Half of its content words: a paraphrase keeps that much, a free invention does not.
_SUPPORT = 0.5


def cite(text: str, passages: Sequence[Passage]) -> tuple[Citation, ...]:
    """What the marks of `text` lead to, by mark and place: the words that bear their sentence out best.

    A mark that stands behind several sentences has a citation for each place it leads to.
    """
    found: dict[tuple[int, Place], tuple[int, Citation]] = {}
    for sentence, markers in _claims(text, len(passages)):
        for marker in markers:
            passage = passages[marker - 1]
            start, end = _evidence(sentence, passage.text)
            place = passage.place_of(start, end)
            citation = Citation(marker, passage, passage.text[start:end].strip(), place)
            found.setdefault((marker, place), (start, citation))
    ordered = sorted(found.values(), key=lambda one: (one[1].marker, one[0]))
    return tuple(citation for _, citation in ordered)


def unsupported(text: str, passages: Sequence[Passage]) -> list[str]:
    """The sentences of `text` that neither the passages they cite nor, uncited, any other bears out.

    A sentence is borne out when half of its content words, and all of its numbers, stand in the passages.
    One that ends in a colon leads to what follows and asserts nothing itself, nor does a heading or a block of
    code.
    """
    known = [set(terms(passage.chunk.heading)) | set(terms(passage.text)) for passage in passages]
    found: list[str] = []
    for sentence, markers in _claims(_FENCED.sub("\n", text), len(passages)):
        if STOPWORDS.issuperset(words(sentence)) or _LEAD_IN.search(sentence) or _HEADING.match(sentence):
            continue
        cited = [known[marker - 1] for marker in markers] or known
        if not _borne_out(query_terms(sentence), set().union(*cited)):
            found.append(sentence)
    return found


def _borne_out(wanted: Sequence[str], known: set[str]) -> bool:
    missing = [term for term in wanted if term not in known]
    if len(wanted) >= _FEWEST_WITH_NUMBER and any(_DIGITS.search(term) for term in missing):
        return False
    return len(wanted) < _FEWEST_TERMS or len(missing) <= (1 - _SUPPORT) * len(wanted)


def _evidence(sentence: str, text: str) -> tuple[int, int]:
    """Start and end of the sentence of `text` that shares most with `sentence`; of equals, a heading is last."""
    wanted = set(query_terms(sentence))

    def worth(span: tuple[int, int]) -> tuple[int, bool]:
        return len(wanted.intersection(terms(text[slice(*span)]))), not _HEADING.match(text, span[0])

    return max(sentence_spans(text), key=worth, default=(0, len(text)))


def _claims(text: str, passages: int) -> list[tuple[str, list[int]]]:
    """The sentences, without their number in a list and their marks, each with the numbers of its marks."""
    bare, marks = _unmarked(text, passages)
    claims: list[tuple[str, list[int]]] = []
    markers: list[int] = []
    for start, end in _spans(bare):
        while marks and marks[0][0] < end:
            markers.append(marks.pop(0)[1])
        if sentence := _LIST_NUMBER.sub("", bare[start:end]).strip():
            claims.append((sentence, markers))
            markers = []
    markers += [marker for _, marker in marks]
    return [*claims, ("", markers)] if markers else claims


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """The sentences; one quotation after another is one of its own, whatever it ends in."""
    for start, end in sentence_spans(text):
        begin = start
        for match in _NEXT_QUOTATION.finditer(text, start, end):
            yield begin, match.end()
            begin = match.end()
        yield begin, end


def _unmarked(text: str, passages: int) -> tuple[str, list[tuple[int, int]]]:
    """`text` without its marks, and for each its number behind the offset of the character it stands behind."""
    bare = ""
    marks: list[tuple[int, int]] = []
    for piece, quoted in Quotations().split(text):
        at = 0
        for match in () if quoted else _SPACED_MARK.finditer(piece):
            if int(match[1]) <= passages:
                bare += piece[at : match.start()]
                marks.append((len(bare.rstrip()) - 1, int(match[1])))
                at = match.end()
        bare += piece[at:]
    return bare, marks
