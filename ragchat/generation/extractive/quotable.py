"""The sentences of passages that can be quoted, each with what it is read with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from ragchat.language.sentences import sentence_spans
from ragchat.language.terms import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ragchat.core.passage import Passage

LONGEST = 400
"""A sentence with more characters is shortened when it is quoted."""

_FEWEST_TERMS = 2
_WIDE = 3
_RULE = re.compile(r"[|\s:=+`-]*")
_LINE_SIGN = re.compile(r"\A(?:#{1,6}|>|//+|[-*+•]|\d{1,3}[.)])[ \t]+")
_UNDERLINE = re.compile(r"\n(?:={2,}|-{2,})\Z")
_SETTING = re.compile(r"[ \t]*(?:[-*+] )?(?:(?:#|//)|[^\s:=#][^:=\n]{0,60}[:=](?:[ \t]|\Z)).*")
# In these a line that begins with `#` is a comment; elsewhere it is a heading.
_HASH_COMMENTS = frozenset(
    re.findall(r"\.\w+", ".bash .cfg .conf .env .ini .jl .mk .pl .ps1 .py .r .rb .sh .tf .toml .yaml .yml .zsh")
)
_UNREADABLE_ALONE = re.compile(r"(?:It|Its|They|Their|This|These|Those|He|His|She|Her|Such)\b")
# A closing sign of the document's own would end the quotation, in which nothing is read as a mark.
_INNER_QUOTES = str.maketrans(dict.fromkeys("“”„", '"'))


@dataclass(frozen=True, slots=True, eq=False)
class Sentence:
    """A sentence, a row of a table or a line, as it can be quoted, with the number of its passage.

    `terms` stand in their order, `known` are they once each; `heading` and `about` are those of the heading and
    of the whole passage. `before` is the sentence it follows, for a row of a table the first row; `columns` is
    that too where the row has so many cells that it is hard to read without.
    """

    marker: int
    passage: Passage
    text: str
    terms: tuple[str, ...]
    known: frozenset[str]
    heading: frozenset[str]
    about: frozenset[str]
    before: Sentence | None
    columns: Sentence | None

    @property
    def antecedent(self) -> Sentence | None:
        """What `It` or `They`, by which the sentence begins, stands for: the last before that says more."""
        needed: Sentence | None = self
        while needed and _UNREADABLE_ALONE.match(needed.text):
            needed = needed.before
        return needed if needed is not self else None


def sentences(passages: Sequence[Passage]) -> list[Sentence]:
    """What can be quoted of `passages`, in their order, nothing twice; no headings and no questions."""
    unique: dict[str, Sentence] = {}
    for marker, passage in enumerate(passages, start=1):
        for sentence in _of(marker, passage):
            unique.setdefault(sentence.text, sentence)
    return list(unique.values())


def _of(marker: int, passage: Passage) -> Iterator[Sentence]:
    lines = [(line, text, tuple(terms(text))) for line, text in _lines(passage.text)]
    heading = frozenset(terms(passage.chunk.heading))
    about = heading.union(*(ordered for _, _, ordered in lines))
    comments = PurePath(passage.chunk.source).suffix.casefold() in _HASH_COMMENTS
    before: Sentence | None = None
    columns: Sentence | None = None
    for line, text, ordered in lines:
        known = frozenset(ordered)
        columns = columns if line.startswith("|") else None
        needed = columns if text.count("|") >= _WIDE - 1 else None
        sentence = Sentence(marker, passage, text, ordered, known, heading, about, columns or before, needed)
        columns = columns or (sentence if line.startswith("|") else None)
        before = sentence
        if len(known) >= _FEWEST_TERMS and not line.endswith("?") and (comments or not line.startswith("#")):
            yield sentence


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Each sentence, and each line where lines are what a text is made of: as it stands, and as it is quoted."""
    for start, end in sentence_spans(text):
        sentence = text[start:end].strip()
        lines = sentence.split("\n") if _is_lines(sentence) else [sentence]
        for line in map(str.strip, lines):
            if not line.startswith("```") and not _RULE.fullmatch(line) and not _UNDERLINE.search(line):
                bare = line.strip("| ") if line.startswith("|") else _LINE_SIGN.sub("", line)
                yield line, " ".join(bare.translate(_INNER_QUOTES).split())


def _is_lines(sentence: str) -> bool:
    """A table, settings, or too long for a sentence: a log or a poem has lines, and no sentences."""
    if len(sentence) > LONGEST or sentence.startswith("|"):
        return True
    return "\n" in sentence and all(map(_SETTING.fullmatch, sentence.split("\n")))
