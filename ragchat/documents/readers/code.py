"""Source code: a section for each function, class and method, and for what stands between them.

Borders come from indentation and a table of patterns, not from parsers: tree-sitter would take a compiled package
and a set of queries for each language, and a file that does not compile must be found as well. Where the
patterns fail, sections are larger; no line is ever lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

from ragchat.core.document import Document, Section
from ragchat.documents.readers.languages import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ragchat.documents.readers.languages import Language

_BY_SUFFIX = {suffix: language for language in LANGUAGES for suffix in language.suffixes.split()}
_BY_NAME = {name: language for language in LANGUAGES for name in language.names.split()}

CODE_SUFFIXES = tuple(_BY_SUFFIX)
"""The suffixes of files that are read as code, in lower case."""

CODE_NAMES = tuple(_BY_NAME)
"""The whole names of files that are read as code whatever their suffix, in lower case."""

_INDENT = re.compile(r"^[^\S\n]*+(?=\S)", re.MULTILINE)
# What belongs to the definition below it: decorators, annotations, attributes, preprocessor and template lines.
_ATTRIBUTE = re.compile(
    r"([ \t]*)(?:@[\w.:]+[ \t]*(?:$|\#|//|\([^\n]*\)[ \t]*(?:$|\#|//)"
    r"|\([^\n]*(?>(?:\n(?!\1\S)[^\n]*)*)(?:\n\1\))?)"
    r"|\[[^\n]*\][ \t]*$|\#(?!\w+\()|template[ \t]*<[^\n]*>[ \t]*$)",
    re.MULTILINE,
)
_TAB = 4
# Definitions nested deeper are part of what they stand in: a breadcrumb is repeated before every chunk.
_DEEPEST = 5


def read_code(source: str, text: str, title: str) -> Document:
    """The text as it stands; the headings of a section are the definitions around it."""
    return Document(source, text, title, tuple(code_sections(text, language_of(source))))


def language_of(source: str) -> Language | None:
    """The language of a file by its name."""
    path = PurePath(source.lower())
    return _BY_NAME.get(path.name) or _BY_SUFFIX.get(path.suffix)


def code_sections(text: str, language: Language | None) -> Iterator[Section]:
    """Verbatim sections that cover `text`, cut where a definition begins or ends."""
    open_border = _Border(0, ())
    for border in (*_borders(text, language), _Border(len(text), ())):
        if text[open_border.start : border.start].strip():
            yield Section(open_border.start, border.start, open_border.heading, verbatim=True)
        open_border = border


@dataclass(frozen=True, slots=True)
class _Border:
    """From `start` on, lines stand in the definitions of `heading`."""

    start: int
    heading: tuple[str, ...]


def _borders(text: str, language: Language | None) -> list[_Border]:
    if language is None:
        return []
    outline = _Outline(text, language)
    for line in _outside_tokens(text, language):
        outline.feed(line)
    return outline.borders


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that begins with code or a comment: `start` is its beginning, `first` its first visible character."""

    start: int
    first: int
    indent: int
    comment: bool


def _outside_tokens(text: str, language: Language) -> Iterator[_Line]:
    """The lines of `text` that are not blank and do not begin inside a comment or a string."""
    tokens = language.tokens.finditer(text)
    token = next(tokens, None)
    for match in _INDENT.finditer(text):
        start, first = match.span()
        while token and token.end() <= first:
            token = next(tokens, None)
        if not token or token.start() >= first:
            comment = token is not None and token.start() == first and token.lastgroup == "comment"
            yield _Line(start, first, len(match[0].expandtabs(_TAB)), comment)


@dataclass(slots=True)
class _Outline:
    """Follows the lines of one text; `borders` are those found so far, in order."""

    text: str
    language: Language
    borders: list[_Border] = field(default_factory=list)
    # The definitions that are open, outermost first: indentation and heading.
    _open: list[tuple[int, str]] = field(default_factory=list)
    # Comments and attributes since the last line of code: they may belong to a definition below.
    _leading: list[_Line] = field(default_factory=list)
    # Lines that begin before this offset are the rest of an attribute or of the head of a definition.
    _taken: int = 0

    def feed(self, line: _Line) -> None:
        """Take the next line."""
        if line.start < self._taken:
            return
        attribute = None if self.language.flat else _ATTRIBUTE.match(self.text, line.start)
        if line.comment or attribute:
            self._leading.append(line)
            self._taken = attribute.end() if attribute else 0
            return
        closing = self.language.closing.match(self.text, line.first)
        definition = None if closing else self.language.definition.match(self.text, line.start)
        if definition or not self.language.flat:
            self._close(line.indent + 1 if closing else line.indent)
        if definition and len(self._open) < _DEEPEST:
            name = definition.lastindex or 0
            self._open.append((line.indent, " ".join(str(definition[name]).split())))
            self._taken = definition.end(name)
            self._add_border(line)
        elif not closing and self._heading() != (self.borders[-1].heading if self.borders else ()):
            self._add_border(line)
        self._leading.clear()

    def _close(self, indent: int) -> None:
        """End the definitions that are indented as far as `indent` or further."""
        while self._open and self._open[-1][0] >= indent:
            self._open.pop()

    def _heading(self) -> tuple[str, ...]:
        return tuple(heading for _, heading in self._open)

    def _add_border(self, line: _Line) -> None:
        above = next((leading for leading in self._leading if leading.indent <= line.indent), line)
        self.borders.append(_Border(above.start, self._heading()))
