"""The line at the bottom of the prompt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragchat.terminal.cells import cells, crop
from ragchat.terminal.sanitise import visible_line
from ragchat.terminal.views.quantities import percent, spent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragchat.conversation.summary import Summary

FEWEST_ROWS, FEWEST_COLUMNS = 8, 40
"""In a smaller window the line is wanted for what is typed."""

_GAP = 2
_BETWEEN = " · "
_SHORTEST_NAME, _LONGEST_NAME = 12, 24
_SHORTEST_CHAIN = 20


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the state. Of two that do not fit, the one with the lower `rank` stays.

    It may be cropped, but to no fewer than `least` cells: then it goes.
    """

    text: str
    rank: int
    least: int


def parts(
    session: str,
    context: tuple[int | None, int | None],
    summary: Summary,
    chain: str,
) -> tuple[Part, ...]:
    """The name of the session, what the last prompt took, the cost so far, and who answers.

    `context` is of tokens: those of the last prompt, and what its provider takes; None is unknown.
    """
    name = crop(visible_line(session), _LONGEST_NAME)
    fixed = ((_context(*context), 2), (_cost(summary), 0))
    told = (
        Part(name, 3, min(cells(name), _SHORTEST_NAME)),
        *(Part(text, rank, cells(text)) for text, rank in fixed),
        Part(chain, 1, min(cells(chain), _SHORTEST_CHAIN)),
    )
    return tuple(part for part in told if part.text)


def fitted(state: Sequence[Part], room: int) -> str:
    """The parts in their order, in at most `room` cells: first each has its least, then the rest is shared out."""
    given: dict[int, int] = {}
    left = room
    for at in sorted(range(len(state)), key=lambda at: state[at].rank):
        need = state[at].least + (len(_BETWEEN) if given else 0)
        if need <= left or not given:
            given[at] = min(state[at].least, left)
            left -= need
    for at, least in given.items():
        more = max(0, min(left, cells(state[at].text) - least))
        given[at] = least + more
        left -= more
    return _BETWEEN.join(crop(state[at].text, given[at]) for at in sorted(given))


def toolbar(state: str, mode: str, columns: int) -> str:
    """`state` on the left and `mode` on the right of one line of `columns` cells; `state` gives way."""
    mode = crop(mode, columns)
    left = crop(visible_line(state), room_beside(mode, columns))
    return left + " " * (columns - cells(mode) - cells(left)) + mode


def room_beside(mode: str, columns: int) -> int:
    """The cells that `toolbar` has for the state."""
    room = columns - cells(crop(mode, columns))
    return max(0, room - _GAP) if mode else room


def _context(used: int | None, size: int | None) -> str:
    if not used:
        return ""
    return f"{percent(used / size)} context" if size else f"{used:,} tokens of context"


def _cost(summary: Summary) -> str:
    """Empty before the first answer, which is not free."""
    return spent(summary.cost, unknown=summary.unknown_costs > 0) if summary.providers else ""
