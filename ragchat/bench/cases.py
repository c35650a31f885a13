"""Question sets: a corpus and the cases that ask it, each a file of JSON lines.

Keys that nobody asked for are passed over, so that other tools' files can be measured as they are.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from ragchat.conversation.questions import json_object
from ragchat.core.document import Document, Section
from ragchat.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Corpus: TypeAlias = "dict[str, Document]"
"""Documents by their id, which is their source too."""
Span: TypeAlias = tuple[int, int]
"""Characters of a document's text, from the first up to the second."""

_CORPUS_LINE = 'A line reads {"id": "…", "title": "…", "text": "…"}; the title may be left out.'
_CASE_LINE = 'A line reads {"id": "…", "text": "…", "relevant": ["an id of the corpus"]}.'
_SPANS = 'Give each as [start, end], in characters: "spans": [[120, 164]].'
# Half a surrogate pair, which JSON can spell, is no character; the offsets of the others stay as they are.
_HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Case:
    """A question, and the ids of the documents that answer it: none when the corpus does not.

    `spans` are where the answers stand in the one relevant document.
    """

    id: str
    text: str
    relevant: frozenset[str]
    spans: tuple[Span, ...] = ()


def read_corpus(path: Path) -> Corpus:
    """The documents of `path`, `{id, title, text}` a line; raises `UsageError` that names the line."""
    corpus: Corpus = {}
    for row in _rows(path, _CORPUS_LINE):
        name = row.new_id(corpus)
        text = row.string("text", "")
        corpus[name] = Document(name, text, row.string("title", ""), (Section(0, len(text)),))
    if not corpus:
        raise UsageError(f"There is no document in {path}.", _CORPUS_LINE)
    return corpus


def read_cases(path: Path, corpus: Corpus) -> tuple[Case, ...]:
    """The cases of `path`, `{id, text, relevant, spans}` a line; raises `UsageError` that names the line."""
    cases: dict[str, Case] = {}
    for row in _rows(path, _CASE_LINE):
        name = row.new_id(cases)
        relevant = row.relevant(corpus)
        cases[name] = Case(name, row.string("text"), relevant, row.spans(relevant, corpus))
    if not any(case.relevant for case in cases.values()):
        raise UsageError(f"There is no case with a relevant document in {path}.", _CASE_LINE)
    return tuple(cases.values())


def _rows(path: Path, example: str) -> Iterator[_Row]:
    """The lines that are not blank; `example` shows what one should look like."""
    try:
        # Not `splitlines`: it also cuts at separators that may stand inside a JSON string.
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    place = f"Line {number} of {path}"
                    yield _Row(json_object(line, place, example), place, example)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", f"Name a file. {example}") from error


@dataclass(frozen=True, slots=True)
class _Row:
    """One line; `place` names it where its values are refused."""

    values: dict[str, object]
    place: str
    example: str

    def string(self, name: str, default: str | None = None) -> str:
        """The text under `name`; without a default it must be there, and not be blank."""
        value = self.values.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise self._refused(f"has no text under `{name}`", self.example)
        return _HALF.sub("\ufffd", value)

    def new_id(self, known: dict[str, Document] | dict[str, Case]) -> str:
        name = self.string("id")
        if name in known:
            raise self._refused(f"has the id {name}, as a line before it has", "Give each line an id of its own.")
        return name

    def relevant(self, corpus: Corpus) -> frozenset[str]:
        names = self.values.get("relevant")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise self._refused("has no list of ids under `relevant`", self.example)
        for name in names:
            if name not in corpus:
                raise self._refused(
                    f"calls {name} relevant, which is not in the corpus",
                    "Add that document to the corpus, or take its id out of the case.",
                )
        return frozenset(names)

    def spans(self, relevant: frozenset[str], corpus: Corpus) -> tuple[Span, ...]:
        given = self.values.get("spans") or []
        if not isinstance(given, list):
            raise self._refused("has no list under `spans`", _SPANS)
        if given and len(relevant) != 1:
            raise self._refused(
                f"has spans and {len(relevant)} relevant documents, so where they stand cannot be told",
                "Give a case with spans one relevant document.",
            )
        return tuple(self._span(span, len(corpus[name].text)) for name in relevant for span in given)

    def _span(self, given: object, length: int) -> Span:
        match given:
            case [int(start), int(end)] if 0 <= start < end <= length:
                return start, end
        raise self._refused(f"has the span {json.dumps(given)}, which is none of its document", _SPANS)

    def _refused(self, what: str, cure: str) -> UsageError:
        return UsageError(f"{self.place} {what}.", cure)
