"""Zip files of other people: bounds, damage, encryption."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from ragchat.documents.readers.archive import Archive
from ragchat.errors import DocumentError
from tests.documents.packages import zipped

MEGABYTE = 2**20


def opened(data: bytes) -> Archive:
    return Archive(data, cure="Save it again.")


def declared(data: bytes, size: int) -> bytes:
    """A zip file of one part whose table of contents says another size."""
    copy = bytearray(data)
    struct.pack_into("<I", copy, copy.index(b"PK\x01\x02") + 24, size)
    return bytes(copy)


def test_parts_are_read_by_name() -> None:
    archive = opened(zipped({"a/b.txt": "hello", "c": b"\xff"}))
    assert archive.read("a/b.txt") == b"hello"
    assert "c" in archive
    assert "d" not in archive


def test_small_files_may_be_packed_ever_so_tightly() -> None:
    assert len(opened(zipped({"a": bytes(9 * MEGABYTE)})).read("a")) == 9 * MEGABYTE


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(DocumentError, match="far more"):
        opened(zipped({"a": bytes(40 * MEGABYTE)}))
    with pytest.raises(DocumentError, match="far more"):
        opened(zipped({str(number): bytes(MEGABYTE) for number in range(11)}))


def test_a_part_read_again_and_again_is_counted_each_time() -> None:
    archive = opened(zipped({"a": bytes(6 * MEGABYTE)}))
    archive.read("a")
    with pytest.raises(DocumentError, match="far more"):
        archive.read("a")


def test_a_size_that_is_not_true_is_no_way_around_the_bound() -> None:
    with pytest.raises(DocumentError, match="damaged"):
        opened(declared(zipped({"a": bytes(40 * MEGABYTE)}), 100)).read("a")


def test_a_file_of_too_many_parts_is_refused() -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for number in range(20_001):
            archive.writestr(str(number), b"")
    with pytest.raises(DocumentError, match="20,000 parts"):
        opened(data.getvalue())


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_refused(method: int) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        archive.writestr("a", b"x" * 1000)
    with pytest.raises(DocumentError, match="packed"):
        opened(data.getvalue()).read("a")


def test_an_encrypted_part_is_told_from_a_damaged_one() -> None:
    data = bytearray(zipped({"a": "hello"}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    with pytest.raises(DocumentError, match="encrypted") as caught:
        opened(bytes(data)).read("a")
    assert "password" in caught.value.hint
