"""The title that a file gives itself, where a person wrote it."""

from __future__ import annotations

import re

_LONGEST = 200
# What programs write where nobody wrote a title: their own name, that of the file, or of any new one.
_MEANINGLESS = re.compile(
    r"microsoft \w+ - |.*\.\w{2,5}$"
    r"|(?:untitled|document|slide|presentation|powerpoint presentation|workbook)?[\W\d_]*$",
    re.IGNORECASE,
)


def meaningful(title: str) -> str:
    """`title` on one line, or nothing when no person wrote it."""
    words = " ".join(title.split())[:_LONGEST]
    return "" if _MEANINGLESS.match(words) else words
