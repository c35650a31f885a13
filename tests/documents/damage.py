"""Files as they come out of broken disks and interrupted downloads."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

COPIES = 200


def damaged(data: bytes) -> Iterator[bytes]:
    """Copies of `data`, the same ones each time: cut off, with bytes changed, with a part doubled or lost."""
    random = Random(7)
    for number in range(COPIES):
        copy = bytearray(data)
        start = random.randrange(len(copy))
        stop = min(len(copy), start + random.randrange(1, 200))
        if number % 4 == 0:
            del copy[start:]
        elif number % 4 == 1:
            for _ in range(random.choice((1, 10, 100))):
                copy[random.randrange(len(copy))] ^= 1 << random.randrange(8)
        elif number % 4 == 2:
            copy[start:start] = copy[start:stop]
        else:
            del copy[start:stop]
        yield bytes(copy)
