"""How long an answer may take: to its first word, between words, and as a whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING, Self

from ragchat.errors import GenerationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ragchat.errors import Cause

# Behind an answer come its counts, at once or not at all: nobody waits for them.
_COUNTS_S = 3.0
_WHOLE_HINT = "Raise RAGCHAT_ANSWER_TIMEOUT, or ask again."


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds to the first visible text, between visible texts, and for the whole answer; None is no bound."""

    first_s: float
    between_s: float
    whole_s: float | None = None

    def within(self, first_s: float | None) -> Deadlines:
        """These, with no more than `first_s` to the first visible text; None changes nothing."""
        return self if first_s is None or first_s >= self.first_s else replace(self, first_s=first_s)

    @property
    def to_head_s(self) -> float:
        """The longest wait for a connection and the head of a reply, which come before any text."""
        return min(self.first_s, inf if self.whole_s is None else self.whole_s)

    @property
    def silence_s(self) -> float:
        """The longest silence that any of the deadlines allows."""
        return max(self.first_s, self.between_s)


class Deadline:
    """The deadlines of one answer; they count from the moment it is made. `hint` is the cure for slow text.

    A client's own timeouts bound single reads only: a server that drips comments or thoughts would hold it for
    ever. It is itself the context manager of `handing_on`, for each token would have to pay for another.
    """

    def __init__(self, deadlines: Deadlines, clock: Callable[[], float], *, hint: str) -> None:
        self._deadlines = deadlines
        self._clock = clock
        self._hint = hint
        started = clock()
        self._next = started + deadlines.first_s
        self._whole = started + (inf if deadlines.whole_s is None else deadlines.whole_s)
        self._any_text = False
        self._held = False
        self._began = started
        self._text = ""

    def handing_on(self, text: str) -> Self:
        """While `text` is with the reader no time passes: a reader who is slow, or paused, is not the server.

        The wait for text starts anew, unless `text` shows nothing.
        """
        self._text = text
        return self

    def __enter__(self) -> None:
        self._began = self._clock()
        self._held = True

    def __exit__(self, *_exc: object) -> None:
        now = self._clock()
        self._whole += now - self._began
        if self._text.strip():
            self._any_text = True
            self._next = now + self._deadlines.between_s
        else:
            self._next += now - self._began
        self._held = False

    def ending(self) -> None:
        """The answer is there, and what it took may follow."""
        self._next = min(self._next, self._clock() + _COUNTS_S)

    def remaining_s(self) -> float:
        """For so long nothing can be too late; text, or its end, may bring a nearer deadline than there was."""
        nearest_s = min(self._deadlines.between_s, _COUNTS_S)
        return nearest_s if self._held else max(0.0, min(self._left_s(), nearest_s))

    @property
    def passed(self) -> bool:
        """Whether the server is too late."""
        return not self._held and self._left_s() <= 0

    def check(self) -> None:
        """Raise `GenerationError` when the server is too late."""
        if not self.passed:
            return
        whole, first, between = self._deadlines.whole_s, self._deadlines.first_s, self._deadlines.between_s
        cause: Cause
        if whole is not None and self._whole <= self._next:
            cause, said, hint = "deadline_whole", f"The answer was not done within {whole:g} s.", _WHOLE_HINT
        elif self._any_text:
            cause, said, hint = "deadline_between", f"No more text came within {between:g} s.", self._hint
        else:
            cause, said, hint = "deadline_first", f"No text came within {first:g} s.", self._hint
        raise GenerationError(said, hint, failure="timeout", cause=cause)

    def _left_s(self) -> float:
        return min(self._next, self._whole) - self._clock()
