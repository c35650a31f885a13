"""Characters that nobody sees and that act on what shows them."""

from __future__ import annotations

UNSEEN = (
    "\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff"
)
"""They as the inside of a character class: all control characters but `\\n`, surrogates, and of the format
characters the soft hyphen, bidirectional marks, embeddings, overrides and isolates, invisible operators, the
byte order mark and tags.

The zero-width joiner and non-joiner (U+200C, U+200D) are not among them: Persian, Hindi and emoji are spelt
with them, and they move nothing.
"""
