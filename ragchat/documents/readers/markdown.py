"""Markdown: a section for the text under each heading; code, tables and front matter apart."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from ragchat.core.document import Document, Section

if TYPE_CHECKING:
    from collections.abc import Iterator

_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]|$)")
_SETEXT = re.compile(r" {0,3}(?:=+|-+)$")
# In a list a fence may follow the mark of its item; a line that holds a second run of backticks is code in prose.
_FENCE = re.compile(r" {0,3}(?:(?:[-*+]|\d{1,9}[.)])[ \t]{1,4}){0,3}(`{3,}+(?=[^`]*$)|~{3,})")
# Lines whose paragraph no underline turns into a heading: code, quotations, items of lists.
_INNER = re.compile(r"[ ]{4}| {0,3}(?:\t|>|(?:[-*+]|\d{1,9}[.)])[ \t])")
_COMMENT = re.compile(r" {0,3}<!--")
_FRONT_MATTER_END = re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.MULTILINE)
_FRONT_MATTER_TITLE = re.compile(r"^title:[ \t]*(\S.*)$", re.MULTILINE)
_CODE_OR_LINK_OR_EMPHASIS = re.compile(r"`+([^`]+)`+|!?\[([^\]]*)\]\([^)]*\)|[*`]+|(?<!\w)_+|_+(?!\w)")
# A heading stands before every chunk below it; a longer one is text.
_LONGEST_HEADING = 200

Kind = Literal["heading", "verbatim", "prose"]


def read_markdown(source: str, text: str, title: str) -> Document:
    """Sections carry their headings as a breadcrumb; front matter or the first top heading names the document."""
    outline = Outline()
    body = _front_matter_end(text)
    if body:
        outline.add(_Block("verbatim", 0))
        named = _FRONT_MATTER_TITLE.search(text, 0, body)
        outline.title = named[1].strip().strip("\"'")[:_LONGEST_HEADING] if named else ""
    sections = outline.read(text, body)
    return Document(source, text, outline.title or title, tuple(sections))


def _front_matter_end(text: str) -> int:
    """Where the body begins: behind the line that closes what the first line opened, else at 0."""
    first, _, rest = text.partition("\n")
    if first.rstrip() != "---" or rest.startswith("\n"):
        return 0
    closing = _FRONT_MATTER_END.search(text, len(first) + 1)
    return closing.end() if closing else 0


@dataclass(frozen=True, slots=True)
class _Block:
    """The lines from `start` that belong together; `level` is 0 for anything but a heading."""

    kind: Kind
    start: int
    level: int = 0
    title: str = ""


@dataclass(slots=True)
class Outline:
    """The sections so far, and the headings above the current line; `title` is the first top heading."""

    title: str = ""
    _path: list[tuple[int, str]] = field(default_factory=list)
    _sections: list[Section] = field(default_factory=list)
    _open: _Block | None = None

    @property
    def heading(self) -> tuple[str, ...]:
        """The breadcrumb of what comes next."""
        return tuple(title for _, title in self._path if title and title != self.title)

    def read(self, text: str, start: int = 0) -> list[Section]:
        """The sections of `text`, from `start` on below the headings that were read before."""
        for block in _blocks(text, start):
            self.add(block)
        if self._open:
            self._close(len(text))
        sections, self._sections = self._sections, []
        return sections

    def add(self, block: _Block) -> None:
        # A heading opens no section of its own: its words go with what stands below it.
        if self._open and self._open.kind != "heading":
            self._close(block.start)
        if block.kind == "heading":
            while self._path and self._path[-1][0] >= block.level:
                self._path.pop()
            self._path.append((block.level, block.title))
        if block.level == 1 and not self.title:
            self.title = block.title
        self._open = replace(block, start=self._open.start) if self._open else block

    def _close(self, end: int) -> None:
        block, self._open = self._open, None
        if block and end > block.start:
            self._sections.append(Section(block.start, end, self.heading, verbatim=block.kind == "verbatim"))


def _blocks(text: str, start: int) -> Iterator[_Block]:
    """Where a heading, verbatim text or prose begins; each block ends where the next begins."""
    scanner = _Scanner()
    # StringIO ends lines at "\n" alone; `splitlines` knows ten more ends, which Markdown does not.
    for line in io.StringIO(text[start:]):
        yield from scanner.feed(line.rstrip(), start + len(line) - len(line.lstrip()))
        start += len(line)


@dataclass(slots=True)
class _Scanner:
    """Reads line by line; `_kind` is what the last line that was not blank belonged to."""

    _kind: Literal["start", "fence", "comment", "table", "heading", "prose", "end"] = "start"
    _fence: str = ""
    # The line before and its offset, when it is prose that an underline would turn into a heading.
    _previous: tuple[str, int] | None = None
    _inner: bool = False

    def feed(self, line: str, start: int) -> Iterator[_Block]:
        """The blocks that begin with `line`, whose first visible character is at `start`."""
        if self._kind == "fence":
            mark = line.strip()
            if len(mark) >= len(self._fence) and set(mark) == {self._fence[0]}:
                self._kind = "end"
        elif self._kind == "comment":
            if "-->" in line:
                self._kind = "prose"
        elif not line:
            self._previous, self._inner = None, False
        else:
            yield from self._line(line, start)

    def _line(self, line: str, start: int) -> Iterator[_Block]:
        previous, self._previous = self._previous, None
        if match := _FENCE.match(line):
            self._fence, self._kind = match[1], "fence"
            yield _Block("verbatim", start)
        elif match := _ATX.match(line):
            self._kind = "heading"
            yield _Block("heading", start, len(match[1]), _plain(_unclosed(line[match.end() :])))
        elif previous and _SETEXT.match(line):
            self._kind = "heading"
            yield _Block("heading", previous[1], 1 if line.endswith("=") else 2, _plain(previous[0]))
        elif line.startswith("|", len(line) - len(line.lstrip())) and line.endswith("|", 1):
            if self._kind != "table":
                yield _Block("verbatim", start)
            self._kind = "table"
        else:
            yield from self._prose(line, start)

    def _prose(self, line: str, start: int) -> Iterator[_Block]:
        if self._kind != "prose":
            self._inner = False
            yield _Block("prose", start)
        self._kind = "prose"
        self._inner = self._inner or bool(_INNER.match(line))
        if _COMMENT.match(line):
            self._kind = "prose" if "-->" in line else "comment"
        elif not self._inner:
            self._previous = line, start


def _unclosed(heading: str) -> str:
    """A heading without the signs that may close it."""
    bare = heading.rstrip().rstrip("#")
    return bare if not bare or bare[-1] in " \t" else heading


def _plain(heading: str) -> str:
    return _CODE_OR_LINK_OR_EMPHASIS.sub(
        lambda match: match[1] or match[2] or "", heading.strip()[:_LONGEST_HEADING]
    ).strip()
