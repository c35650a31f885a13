"""PDF: a section for each page and heading; PDFium finds the words, in a process of its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from bisect import bisect_left
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypedDict

from ragchat.core.document import Document, Section
from ragchat.core.place import Place
from ragchat.documents.readers.numbered import numbered
from ragchat.documents.readers.pdf_layout import Line, Page, body_size, clean, paragraphs
from ragchat.documents.readers.titles import meaningful
from ragchat.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ragchat.documents.readers.pdf_layout import Paragraph

SECONDS = 60
"""Of processor time for one file: a page may draw a form of forms of forms, and never come to an end."""
MEMORY = 2 * 1024**3
"""In bytes: a page of 15 kB can inflate to more than a gigabyte."""

_PDFIUM = Path(__file__).with_name("pdfium.py")
_INSTALL = "Run `pip install --force-reinstall pypdfium2`."
_ANEW = "Save it anew with another program."
_BETWEEN = "\n\n"
_DEEPEST = 6
_LONGEST_HEADING = 120
_LARGER = 1.15
_NUMBERING = re.compile(r"^[\W\d_]+")

Bookmark: TypeAlias = tuple[int, str, int]
"""Level, title and number of the page."""


def read_pdf(source: str, data: bytes, title: str) -> Document:
    """Pages in order, below the headings of the outline, or where there is none below lines of larger type.

    Raises `DocumentError` for a file that is broken, locked by a password, or holds no text.
    """
    answer = _pdfium(data)
    empty = [page.number for page in answer.pages if not page.lines]
    found = paragraphs(answer.pages)
    if not found:
        raise DocumentError(
            "This PDF holds no text; it may be scanned.", "Run OCR on it first, for example with `ocrmypdf`."
        )
    if empty:
        have = "has" if len(empty) == 1 else "have"
        answer.warnings.insert(0, f"{numbered('page', empty)} {have} no text (scanned?)")
    named = meaningful(clean(answer.title)) or title
    headings = dict(_bookmarked(found, answer.outline) if len(answer.outline) > 1 else _larger(found))
    text, sections = _sections(found, headings, named)
    return Document(source, text, named, tuple(sections), tuple(answer.warnings))


class _Said(TypedDict, total=False):
    """A line of what `pdfium.py` says."""

    refused: str
    title: str
    outline: list[Bookmark]
    height: float
    lines: list[tuple[str, float, float, float, float]]
    cut: bool
    broken: int
    end: str


@dataclass(slots=True)
class _Answer:
    title: str = ""
    outline: list[Bookmark] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def _pdfium(data: bytes) -> _Answer:
    """What `pdfium.py` says of the file; raises `DocumentError`."""
    # -P: neither the current folder nor that of the program may give modules.
    command = [sys.executable, "-P", str(_PDFIUM), str(SECONDS), str(MEMORY)]
    try:
        ran = subprocess.run(command, input=data, capture_output=True, timeout=4 * SECONDS, check=False)
        said = ran.stdout
        if ran.returncode == 1 and not said:  # it did not even get to the file
            reason = ran.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            raise DocumentError(f"PDFium cannot be started ({reason}).", _INSTALL)
    except subprocess.TimeoutExpired as error:
        said = error.stdout or b""
    except OSError as error:
        raise DocumentError(f"PDFium cannot be started ({error.strerror}).", _INSTALL) from error
    # What ends the process can cut its last line.
    lines: list[_Said] = [json.loads(line) for line in said.split(b"\n")[:-1]]
    if lines and "refused" in lines[0]:
        if lines[0]["refused"] == "password":
            raise DocumentError("This PDF is locked by a password.", "Save a copy without one.")
        raise DocumentError("This PDF is broken: it cannot be opened.", _ANEW)
    return _answer(lines)


def _answer(lines: Sequence[_Said]) -> _Answer:
    answer = _Answer()
    broken: list[int] = []
    cut: list[int] = []
    number = 0
    for line in lines:
        if "outline" in line:
            answer.title = line["title"]
            answer.outline = [(level, title, index + 1) for level, title, index in line["outline"]]
        elif "broken" in line:
            number += 1
            broken.append(number)
        elif "lines" in line:
            number += 1
            answer.pages.append(Page(number, line["height"], [Line(*words) for words in line["lines"]]))
            if line["cut"]:
                cut.append(number)
    if broken:
        answer.warnings.append(f"{numbered('page', broken)} cannot be read")
    if cut:
        answer.warnings.append(f"{numbered('page', cut)} {'is' if len(cut) == 1 else 'are'} too long, and cut")
    ended = bool(lines) and "end" in lines[-1]
    if not answer.pages:
        why = "no page of it can be read" if ended else "reading it takes too much time or memory"
        raise DocumentError(f"This PDF is broken: {why}.", _ANEW)
    if not ended:
        answer.warnings.append(f"page {number + 1} takes too much time or memory: it and the rest are left out")
    elif lines[-1]["end"]:
        answer.warnings.append(f"too long: what follows page {number} is left out")
    return answer


Heading: TypeAlias = "tuple[float, str]"
"""How deep it lies, a smaller number being further out, and its words."""


def _larger(found: Sequence[Paragraph]) -> Iterator[tuple[int, list[Heading]]]:
    """Short paragraphs in larger type, by their index."""
    body = body_size(found)
    for index, paragraph in enumerate(found):
        words = " ".join(paragraph.text.split())
        short = len(words) <= _LONGEST_HEADING and paragraph.lines <= 3
        if paragraph.size > _LARGER * body and short and any(map(str.isalpha, words)):
            yield index, [(-round(paragraph.size), words)]


def _bookmarked(found: Sequence[Paragraph], outline: Sequence[Bookmark]) -> dict[int, list[Heading]]:
    """The bookmarks by the index of the paragraph that says the same, or is the first of their page."""
    first: dict[int, int] = {}
    known: dict[tuple[int, str], list[int]] = {}
    for index, paragraph in enumerate(found):
        first.setdefault(paragraph.page, index)
        known.setdefault((paragraph.page, _key(paragraph.text)), []).append(index)
    headings: dict[int, list[Heading]] = {}
    reached = 0
    for level, title, page in outline:
        words = " ".join(clean(title).split())[:_LONGEST_HEADING]
        if not words or page not in first or page < found[reached].page:
            continue
        reached = max(reached, first[page])
        there = known.get((page, _key(words)), [])
        nearest = bisect_left(there, reached)
        reached = there[nearest] if nearest < len(there) else reached
        headings.setdefault(reached, []).append((level, words))
    return headings


def _key(words: str) -> str:
    """By its letters and digits, without the number of its chapter."""
    return "".join(filter(str.isalnum, _NUMBERING.sub("", words[: 2 * _LONGEST_HEADING]))).casefold()


def _sections(
    found: Sequence[Paragraph], headings: Mapping[int, Sequence[Heading]], title: str
) -> tuple[str, list[Section]]:
    """The text, and a section from each heading or beginning of a page to the next."""
    sections: list[Section] = []
    path: list[Heading] = []
    start = end = 0
    bare = False  # the open section holds nothing but headings: the next heading goes with it
    for index, paragraph in enumerate(found):
        new_page = index > 0 and found[index - 1].page != paragraph.page
        if index and (new_page or (index in headings and not bare)):
            sections.append(_section(start, end, path, title, found[index - 1].page))
            start = end
        for level, words in headings.get(index, ()):
            path = [*[above for above in path if above[0] < level][: _DEEPEST - 1], (level, words)]
        bare = index in headings and (bare or start == end)
        end += len(paragraph.text) + len(_BETWEEN)
    text = _BETWEEN.join(paragraph.text for paragraph in found)
    sections.append(_section(start, len(text), path, title, found[-1].page))
    return text, sections


def _section(start: int, end: int, path: Sequence[Heading], title: str, page: int) -> Section:
    return Section(start, end, tuple(words for _, words in path if words != title), Place("page", page, page))
