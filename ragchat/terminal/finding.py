"""Where a passage stands in its file now, which may have changed since it was indexed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def line_now(path: Path, line: int, words: str) -> int | None:
    """The line nearest to `line` that holds the first line of `words`; None where no line does.

    `line` itself for a file that cannot be compared: one that is not UTF-8. Raises `OSError`.
    """
    first = next(filter(None, (part.strip() for part in words.split("\n"))), "")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return line
    # Other line ends, of which splitlines knows many, were not counted when the file was read.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    found = [number for number, one in enumerate(lines, start=1) if first in one]
    return min(found, key=lambda number: abs(number - line), default=None)
