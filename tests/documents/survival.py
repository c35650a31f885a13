"""What a reader must make of a damaged file."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from ragchat.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ragchat.core.document import Document


def survives(read: Callable[[bytes], Document], data: bytes) -> bool:
    """Whether `read` makes a sound document of it, or refuses it in a sentence."""
    try:
        document = read(data)
    except DocumentError as error:
        return error.message.endswith(".")
    document.text.encode()
    ordered = all(above.end <= below.start for above, below in pairwise(document.sections))
    return ordered and all(0 <= part.start < part.end <= len(document.text) for part in document.sections)
