"""Bytes of every usual encoding become text."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.documents.decode import decode, is_binary
from ragchat.documents.load import parse
from ragchat.errors import DocumentError

RUSSIAN = "Борщ варят из свёклы, капусты и мяса. Его подают горячим со сметаной. " * 20
JAPANESE = "味噌汁は日本の伝統的なスープで、豆腐とわかめを入れて作ります。毎日の食事に欠かせません。" * 20


@given(st.text(), st.sampled_from(["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]))
def test_a_byte_order_mark_decides(text: str, encoding: str) -> None:
    data = ("\ufeff" + text).encode(encoding)
    if encoding == "utf-16-le" and text.startswith("\0"):
        return  # reads as the mark of UTF-32
    assert decode(data) == text.replace("\r\n", "\n").replace("\r", "\n")
    assert not is_binary(data)


@given(st.text())
def test_utf_8_needs_no_mark(text: str) -> None:
    assert decode(text.encode()) == text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Une crème brûlée vaut 5 € dans ce restaurant, sans autre dessert.", "cp1252"),
        (RUSSIAN, "cp1251"),
        (JAPANESE, "shift_jis"),
        (JAPANESE * 100, "shift_jis"),
    ],
)
def test_text_without_a_mark_is_read_in_its_likeliest_encoding(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


def test_damaged_utf_8_stays_utf_8_and_the_damage_is_told() -> None:
    data = "Crème brûlée, pâté, jalapeño und Müsli. ".encode() + b"\xff cut \xc3"
    document = parse("/a.txt", data)
    assert document.text == "Crème brûlée, pâté, jalapeño und Müsli. \ufffd cut \ufffd"
    assert document.warnings == ("2 damaged characters are read as \ufffd",)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (codecs.BOM_UTF16_LE + b"a\0\0\xd8", r"^Byte 4 cannot be read: its byte order mark says utf-16-le\.$"),
        (codecs.BOM_UTF8 + b"a\xff", r"^Byte 4 cannot be read: its byte order mark says utf-8\.$"),
        (b"plain ascii text and then \x81", r"^Byte 26 cannot be read: it is not UTF-8 and most like cp1252\.$"),
    ],
)
def test_what_no_encoding_fits_is_refused_at_its_byte(data: bytes, message: str) -> None:
    with pytest.raises(DocumentError, match=message) as refused:
        decode(data)
    assert refused.value.hint == "Save the file as UTF-8."


@pytest.mark.parametrize("head", [b"\x7fELF\0", b"%PDF-1.7\n", b"PK\3\4\0"])
def test_binary_files_are_refused(head: bytes) -> None:
    assert is_binary(head)
    with pytest.raises(DocumentError, match=r"^It is a binary file\.$"):
        parse("/a.txt", head)


def test_the_suffix_chooses_the_reader_whatever_its_case() -> None:
    assert parse("/A.MD", b"# Big\nx").title == "Big"
    assert parse("/a.TXT", b"# Big\nx").title == "a"
    assert parse("/README", b"# Big\nx").title == "README"


@pytest.mark.parametrize("data", [b"", b" \n\t", codecs.BOM_UTF8])
def test_a_file_without_words_is_refused(data: bytes) -> None:
    with pytest.raises(DocumentError, match=r"^It holds no text\.$"):
        parse("/a.txt", data)
