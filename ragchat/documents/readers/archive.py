"""A zip file that somebody else made, read within bounds."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

from ragchat.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator

# Bytes when unpacked, of all parts together. Ratio and count make no sense for what is small anyway.
_MOST_BYTES = 200 * 2**20
_HARMLESS_BYTES = 10 * 2**20
_MOST_TO_ONE = 200
_MOST_PARTS = 20_000
_PART_MARK = b"PK\x01\x02"
# Large, because an XML parser may begin a tag again with every piece that does not end it.
_PIECE = 2 * 2**20
_ENCRYPTED = 0x1
# What the standard library is known to raise for damaged files.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ArithmeticError,
    RuntimeError,
    ValueError,
)


class Archive:
    """The parts of a zip file by name; raises `DocumentError` when it is damaged, encrypted or a bomb."""

    def __init__(self, data: bytes, *, cure: str) -> None:
        self._cure = cure
        self._room = min(_MOST_BYTES, max(_HARMLESS_BYTES, _MOST_TO_ONE * len(data)))
        # Counted before it is opened: each entry of the table of contents becomes an object.
        if data.count(_PART_MARK) > _MOST_PARTS:
            raise DocumentError(f"It holds more than {_MOST_PARTS:,} parts.", cure)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except _BROKEN as error:
            raise DocumentError("It is not a whole zip file.", cure) from error
        if sum(part.file_size for part in self._zip.infolist()) > self._room:
            raise self._too_large()

    def __contains__(self, name: str) -> bool:
        return name in self._zip.NameToInfo

    def read(self, name: str) -> bytes:
        """All of a part; raises `DocumentError`."""
        return b"".join(self.pieces(name))

    def pieces(self, name: str) -> Iterator[bytes]:
        """A part, unpacked piece by piece; raises `DocumentError`."""
        part = self._zip.NameToInfo.get(name)
        if part is None:
            raise DocumentError(f"Its part {name} is missing.", self._cure)
        if part.flag_bits & _ENCRYPTED:
            raise DocumentError("It is encrypted.", "Save a copy without a password.")
        if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            # The other methods unpack without a bound, and no program writes documents with them.
            raise DocumentError(f"Its part {name} is packed in a way that is not known.", self._cure)
        try:
            with self._zip.open(part) as file:
                while piece := file.read(_PIECE):
                    # What the table of contents says need not be true, and a part may be read twice.
                    self._room -= len(piece)
                    if self._room < 0:
                        raise self._too_large()
                    yield piece
        except _BROKEN as error:
            raise DocumentError(f"Its part {name} is damaged.", self._cure) from error

    def _too_large(self) -> DocumentError:
        return DocumentError("It unpacks to far more than such a file should hold.", self._cure)
