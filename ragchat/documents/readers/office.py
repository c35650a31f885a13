"""What files of Office have in common: a zip of XML, read by an optional library which sets itself no bounds."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from ragchat.documents.readers.archive import Archive
from ragchat.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable

CURE = "Open it in an office program and save it anew."

# Tags and attributes of all parts that become trees; each of them takes up to a kilobyte in the end.
_MOST_MARKS = 1_500_000
# Of all parts that are read row by row: they may still hold a single row.
_MOST_STREAMED_MARKS = 20_000_000
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def missing_library() -> DocumentError:
    """The optional library for this format is not installed."""
    return DocumentError(
        "Reading this format needs an extra that is not installed.", "Run `pip install 'ragchat[office]'`."
    )


def check_package(data: bytes, *, streamed: Callable[[str], bool]) -> None:
    """Refuse what would take gigabytes to read; `streamed` tells the parts that do not become trees.

    Raises `DocumentError` for bombs, and for what is damaged, locked by a password or of an older format.
    """
    if data.startswith(_OLE):
        raise DocumentError(
            "It is locked by a password, or in the format of Office 97.", "Save it in today's format, without one."
        )
    archive = Archive(data, cure=CURE)
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        names = [name for name in package.namelist() if name.lower().endswith((".xml", ".rels"))]
    room = {True: _MOST_STREAMED_MARKS, False: _MOST_MARKS}
    for name in dict.fromkeys(names):
        kind = streamed(name)
        room[kind] -= sum(piece.count(b"<") + piece.count(b"=") for piece in archive.pieces(name))
        if room[kind] < 0:
            raise DocumentError("It holds far more parts and cells than can be read.", CURE)
