"""Half characters, which an argument or a JSON file can hold."""

from __future__ import annotations


def encodable(text: str) -> str:
    """`text` with a question mark for each half of a character: tokenizers take no less than a whole one."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
