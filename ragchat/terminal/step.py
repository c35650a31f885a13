"""What a stream of text brings to the screen from one moment to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.text import Text


@dataclass(frozen=True, slots=True)
class Step:
    """Lines that are settled, to be printed once, and those that may still change, to be shown below them."""

    settled: list[Text]
    pending: list[Text]


class Writing(Protocol):
    """Lays out visible text while it arrives; in whatever pieces it comes, the lines in the end are the same.

    The width may change between two steps: what is settled keeps the old one. One empty line at the most stands
    where the text has some, and none at its ends.
    """

    def feed(self, text: str) -> None:
        """Take the next piece."""

    def step(self, width: int, *, ended: bool = False) -> Step:
        """What can be shown now; all of it when the text has `ended`."""
