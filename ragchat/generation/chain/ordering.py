"""Who is asked first: as listed, the cheapest, or the fastest so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from decimal import Decimal

    from ragchat.core.protocols import Generator

Order: TypeAlias = Literal["listed", "cheapest", "fastest"]

USUAL_PROMPT, USUAL_ANSWER = 2_000, 300
"""Tokens of a usual question with its passages, and of its answer: prices are compared by these."""


def ordered(
    generators: Sequence[Generator],
    order: Order,
    *,
    price: Callable[[Generator], Decimal | None],
    speed: Callable[[Generator], float | None],
) -> list[Generator]:
    """`generators` by `order`, the last of them, who can always answer, last.

    `price` is what a usual question costs, and `speed` how many seconds answers have taken. Those without a known
    price come behind the others; those that have not answered yet come first, to be measured.
    """
    *asked, last = generators
    if order == "cheapest":
        asked.sort(key=lambda one: _known_first(price(one)))
    elif order == "fastest":
        asked.sort(key=lambda one: speed(one) or 0.0)
    return [*asked, last]


def _known_first(cost: Decimal | None) -> tuple[bool, Decimal | int]:
    return cost is None, 0 if cost is None else cost
