"""Which lines or pages a warning speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def numbered(noun: str, numbers: Sequence[int]) -> str:
    """`page 4`, `pages 4, 9`, `pages 4, 9, 12 and 70 more`."""
    shown = ", ".join(map(str, numbers[:3]))
    more = f" and {len(numbers) - 3} more" if len(numbers) > 3 else ""
    return f"{noun}s {shown}{more}" if len(numbers) > 1 else f"{noun} {shown}"
