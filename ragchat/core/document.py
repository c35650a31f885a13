"""What was read from a file, and the pieces it is found by."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragchat.core.place import Place


def identity(*parts: object) -> str:
    """A 128-bit name in hex for what `parts` say, the same on every machine."""
    joined = "\0".join(str(part) for part in parts)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Section:
    """A span of a document's text, in characters, which no chunk crosses.

    `heading` is the breadcrumb from the outermost heading to this one, or the facts of a record.
    `place` is where the whole span lies; None means that lines can be counted from the text.
    `verbatim` text (code, tables) is cut at line ends only, never inside a line that fits.
    """

    start: int
    end: int
    heading: tuple[str, ...] = ()
    place: Place | None = None
    verbatim: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """One file as text; sections lie in order, do not overlap, and cover what is to be found.

    `warnings` say what a person should know about how the file was read.
    """

    source: str
    text: str
    title: str
    sections: tuple[Section, ...]
    warnings: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Named by where it is and what it says; how it is embedded does not matter."""
        return identity(self.source, self.text)


@dataclass(frozen=True, slots=True)
class Chunk:
    """The unit of search: `document.text[start:end]`, which begins with a visible character.

    Trailing white space is kept, so that neighbouring chunks joined give the document's own text.
    """

    document_id: str
    source: str
    text: str
    start: int
    end: int
    heading: str
    place: Place

    @property
    def id(self) -> str:
        """Named by its document and span."""
        return identity(self.document_id, self.start, self.end)

    @property
    def searchable(self) -> str:
        """What is embedded and indexed: the heading gives a short text its context."""
        return f"{self.heading}\n{self.text}" if self.heading else self.text
