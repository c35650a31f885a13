"""Bytes become text."""

from __future__ import annotations

import codecs
import re

from ragchat.errors import DocumentError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is this one's beginning
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Left to itself the detector calls short UTF-8 "johab"; these are what files without a mark are written in.
_LIKELY = ["cp1252", "cp1250", "cp1251", "shift_jis", "gb18030", "big5", "euc_kr"]
_SAMPLE = 64 * 1024
REPLACEMENT = "\ufffd"
"""Stands where a character cannot be read."""
_BEYOND_ASCII = re.compile(r"[^\0-\x7f]+")
_SOUND_TO_DAMAGED = 4


def is_binary(head: bytes) -> bool:
    """Whether a file that begins with `head` is no text: PDF, or a zero byte without a byte order mark."""
    if head.startswith(b"%PDF-"):
        return True
    return b"\0" in head and not any(head.startswith(mark) for mark, _ in _BOMS)


def decode(data: bytes, encoding: str | None = None) -> str:
    """The text of `data` with `\\n` at line ends; raises `DocumentError`.

    `encoding`, which Python must know, is taken at its word; None finds it out. A byte order mark decides, then
    UTF-8, then Windows-1252 for what is nearly all ASCII, then the likeliest of a few encodings. UTF-8 with some
    damage stays UTF-8: U+FFFD stands where a character cannot be read.
    """
    text = _decoded(data) if encoding is None else data.decode(encoding, "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decoded(data: bytes) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _strictly(data, encoding, skip=len(mark))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _damaged_utf8(data) or _strictly(data, _guess(data))


def _damaged_utf8(data: bytes) -> str | None:
    """The text, when nearly all bytes beyond ASCII are UTF-8: other encodings give that by accident only."""
    text = data.decode("utf-8", "replace")
    beyond = sum(len(part) for part in _BEYOND_ASCII.findall(text))
    return text if text.count(REPLACEMENT) * _SOUND_TO_DAMAGED < beyond else None


def _guess(data: bytes) -> str:
    sample = data[:_SAMPLE]
    if sum(byte < 0x80 for byte in sample) > 0.9 * len(sample):
        return "cp1252"
    from charset_normalizer import from_bytes  # noqa: PLC0415

    best = from_bytes(sample, cp_isolation=_LIKELY).best()
    return best.encoding if best else "cp1252"


def _strictly(data: bytes, encoding: str, skip: int = 0) -> str:
    try:
        return data[skip:].decode(encoding)
    except UnicodeDecodeError as error:
        wrong = f"its byte order mark says {encoding}" if skip else f"it is not UTF-8 and most like {encoding}"
        raise DocumentError(
            f"Byte {skip + error.start} cannot be read: {wrong}.", "Save the file as UTF-8."
        ) from error
