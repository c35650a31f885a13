"""A PDF on standard input becomes one line of JSON for each page on standard output.

A program of its own, run by `pdf.py` and imported by nobody: PDFium is native code which is not thread-safe
and which a hostile file can make eat gigabytes, run for days or crash. All of that ends with the process.

The first line is a `head`, then come pages, each an `extracted page`, then `{"end": why}`, where why is
`""`, `"pages"` or `"characters"`. A file that cannot be opened is `{"refused": "password"}` or `"broken"`.
"""

from __future__ import annotations

import ctypes
import json
import re
import resource
import sys
from contextlib import closing
from itertools import islice
from math import hypot
from typing import TYPE_CHECKING

import pypdfium2
import pypdfium2.raw as pdfium

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pypdfium2 import PdfDocument, PdfPage, PdfTextPage

MOST_PAGES = 5_000
MOST_CHARACTERS_A_PAGE = 200_000
MOST_CHARACTERS = 20_000_000
_MOST_BOOKMARKS = 10_000
_REFUSED_FOR_PASSWORD = (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY)
# PDFium writes U+0002 for the hyphen at the end of a line, and no line end behind it.
_LINE = re.compile(r"[^\s\x00\x02][^\r\n\x02]*\x02?")


def main(seconds: int, memory: int) -> None:
    """Read within `seconds` of processor time and `memory` bytes; the system ends what needs more."""
    for limit, most in ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(limit, (most, resource.getrlimit(limit)[1]))
    data = sys.stdin.buffer.read()
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        _say({"refused": "password" if error.err_code in _REFUSED_FOR_PASSWORD else "broken"})
        return
    with closing(document):
        title = _decoded(lambda: document.get_metadata_value("Title"))
        _say({"title": title, "outline": list(_outline(document))})
        _say({"end": _say_pages(document)})


def _say(value: object) -> None:
    # Flushed, so that a page which ends the process takes none of those before it along.
    print(json.dumps(value), flush=True)  # noqa: T201 - this is the program's answer


def _outline(document: PdfDocument) -> Iterator[tuple[int, str, int]]:
    """`(level, title, index of the page)` of each bookmark that leads to a page."""
    for bookmark in islice(document.get_toc(), _MOST_BOOKMARKS):
        target = bookmark.get_dest()
        index = target.get_index() if target else None
        if index is not None:
            yield bookmark.level, _decoded(bookmark.get_title), index


def _decoded(read: Callable[[], str]) -> str:
    """What `read` gives, nothing where it is not UTF-16."""
    try:
        return read()
    except UnicodeDecodeError:
        return ""


def _say_pages(document: PdfDocument) -> str:
    left = MOST_CHARACTERS
    for index in range(min(len(document), MOST_PAGES)):
        try:
            with closing(document[index]) as page, closing(page.get_textpage()) as text:
                count = text.count_chars()
                lines = list(_lines(page, text, min(count, MOST_CHARACTERS_A_PAGE)))
                _say({"height": page.get_height(), "lines": lines, "cut": count > MOST_CHARACTERS_A_PAGE})
        except pypdfium2.PdfiumError:
            _say({"broken": index})
            continue
        left -= sum(len(line[0]) for line in lines)
        if left < 0:
            return "characters"
    return "pages" if len(document) > MOST_PAGES else ""


def _lines(page: PdfPage, text: PdfTextPage, count: int) -> Iterator[tuple[str, float, float, float, float]]:
    """`(text, left, right, baseline, size)` of each line, in points from the lower left of the upright page."""
    # One character at a time: the call that gives them all leaves out what is beyond U+FFFF.
    code_at, raw = pdfium.FPDFText_GetUnicode, text.raw
    characters = "".join([_character(code_at(raw, index)) for index in range(count)])
    upright = _upright(page)
    for match in _LINE.finditer(characters):
        words = match[0].rstrip()
        first, last = match.start(), match.start() + len(words) - 1
        left, baseline = upright(*_origin(text, first))
        end = _box(text, last)
        right = max(upright(end.left, end.bottom)[0], upright(end.right, end.top)[0])
        # The middle one of three: a bullet, a drop cap or the mark of a footnote is not the size of the line.
        size = sorted(_size(text, index) for index in (first, (first + last) // 2, last))[1]
        yield _paired(words), left, right, baseline, size


def _character(code: int) -> str:
    return chr(code) if code <= sys.maxunicode else "\ufffd"


def _paired(text: str) -> str:
    """With halves of surrogate pairs joined, and those that have no other half left out."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


def _origin(text: PdfTextPage, index: int) -> tuple[float, float]:
    x, y = ctypes.c_double(), ctypes.c_double()
    pdfium.FPDFText_GetCharOrigin(text, index, x, y)
    return x.value, y.value


def _box(text: PdfTextPage, index: int) -> pdfium.FS_RECTF:
    box = pdfium.FS_RECTF()
    pdfium.FPDFText_GetLooseCharBox(text, index, box)
    return box


def _size(text: PdfTextPage, index: int) -> float:
    """In points as it is seen: many files set type of size 1 and enlarge it."""
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFText_GetMatrix(text, index, matrix)
    size = abs(float(pdfium.FPDFText_GetFontSize(text, index))) * hypot(matrix.c, matrix.d)
    return size if 0.1 < size < 10_000 else 1.0


def _upright(page: PdfPage) -> Callable[[float, float], tuple[float, float]]:
    """Tells of a point of the page where a reader sees it, who turns the page by its rotation."""
    left, bottom, right, top = page.get_mediabox()
    return {
        0: lambda x, y: (x - left, y - bottom),
        90: lambda x, y: (y - bottom, right - x),
        180: lambda x, y: (right - x, top - y),
        270: lambda x, y: (top - y, x - left),
    }[page.get_rotation()]


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
