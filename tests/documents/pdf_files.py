"""Small PDF files written by hand: plain objects, Helvetica, no compression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Words:
    """A line of type whose baseline begins at `x`, `y` points from the lower left."""

    text: str
    y: float
    x: float = 72
    size: float = 10


def prose(text: str, top: float, *, x: float = 72, pitch: float = 12, size: float = 10) -> list[Words]:
    """The lines of `text`, one below the other."""
    return [Words(line, top - pitch * number, x, size) for number, line in enumerate(text.split("\n"))]


def drawn(words: Iterable[Words]) -> bytes:
    """The content of a page."""
    return b"\n".join(
        b"BT /F1 %g Tf %g %g Td (%s) Tj ET" % (line.size, line.x, line.y, _escaped(line.text)) for line in words
    )


def _escaped(text: str) -> bytes:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)").encode("cp1252")


def pdf(
    *pages: Iterable[Words] | bytes,
    title: str = "",
    outline: Sequence[tuple[str, int]] = (),
    trailer: bytes = b"",
    page: bytes = b"",
    filters: bytes = b"",
    unicode_table: bytes = b"",
) -> bytes:
    """A file with `pages`, given as words or as content; `outline` leads from titles to indices of pages."""
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding/ToUnicode 4 0 R>>"
    objects: list[bytes] = [b"", b"", font, _stream(unicode_table)]
    leaves: list[int] = []
    for content in pages:
        stream = content if isinstance(content, bytes) else drawn(content)
        objects.append(_stream(stream, filters))
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents %d 0 R"
            b"/Resources<</Font<</F1 3 0 R>>>>%s>>" % (len(objects), page)
        )
        leaves.append(len(objects))
    kids = b" ".join(b"%d 0 R" % leaf for leaf in leaves)
    objects[1] = b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, len(leaves))
    objects.append(b"<</Title(%s)>>" % _escaped(title))
    info = len(objects)
    objects[0] = b"<</Type/Catalog/Pages 2 0 R%s>>" % _outlines(objects, outline, leaves)
    return _file(objects, b"/Info %d 0 R%s" % (info, trailer))


def _stream(content: bytes, filters: bytes = b"") -> bytes:
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(content), filters, content)


def _outlines(objects: list[bytes], outline: Sequence[tuple[str, int]], leaves: Sequence[int]) -> bytes:
    if not outline:
        return b""
    root = len(objects) + 1
    objects.append(b"<</Type/Outlines/First %d 0 R/Last %d 0 R>>" % (root + 1, root + len(outline)))
    for number, (title, index) in enumerate(outline, start=1):
        following = b"/Next %d 0 R" % (root + number + 1) if number < len(outline) else b""
        objects.append(
            b"<</Title(%s)/Parent %d 0 R/Dest[%d 0 R/Fit]%s>>" % (_escaped(title), root, leaves[index], following)
        )
    return b"/Outlines %d 0 R" % root


def _file(objects: Sequence[bytes], trailer: bytes) -> bytes:
    data = b"%PDF-1.7\n"
    offsets: list[int] = []
    for number, value in enumerate(objects, start=1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count = len(objects) + 1
    data += b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF" % (
        count,
        table,
        count,
        trailer,
        len(data),
    )
    return data
