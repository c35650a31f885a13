"""Characters that nobody sees and that act on what shows them."""

from __future__ import annotations

import json
import re

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

_UNSEEN = re.compile(f"[{UNSEEN}]")
# Tabs make the columns of code and tables.
_UNSEEN_BUT_TAB = re.compile(f"(?!\t)[{UNSEEN}]")


def escaped(text: str) -> str:
    """JSON with escapes for them: it has some for C0 controls itself; the others would act on a terminal."""
    return _UNSEEN.sub(lambda match: json.dumps(match[0])[1:-1], text)


def without_unseen(text: str) -> str:
    """`text` without them, as a file may hold it: tabs stay."""
    return _UNSEEN_BUT_TAB.sub("", text)
