"""Signals as this room wants them: Ctrl-C ends an answer, Ctrl-Z stops it, a closed terminal ends it all."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_ENDING = (signal.SIGTERM, signal.SIGHUP)
_UNTOUCHED = (signal.SIG_DFL, signal.default_int_handler)


class Interrupts:
    """Ctrl-C while an answer is shown, or whatever of `numbers` ends what is going on.

    It raises `KeyboardInterrupt` inside `letting_through` only. Elsewhere the first one waits in `pending`:
    text half written to the screen would be written twice. The second one always raises.
    """

    def __init__(self, *numbers: signal.Signals) -> None:
        self._numbers = numbers or (signal.SIGINT,)
        self.seen = 0
        self.pending = False
        self._let_through = False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Handle them here, unless whoever started the program chose something else (`nohup`, `&`)."""
        ours = [number for number in self._numbers if signal.getsignal(number) in _UNTOUCHED]
        before = [signal.signal(number, self._interrupted) for number in ours]
        try:
            yield
        finally:
            for number, handler in zip(ours, before, strict=True):
                signal.signal(number, handler)

    @contextmanager
    def letting_through(self) -> Iterator[None]:
        """Where an interrupt may land: not in our own code."""
        self._let_through = True
        try:
            yield
        finally:
            self._let_through = False

    def _interrupted(self, _signal: int, _frame: FrameType | None) -> None:
        self.seen += 1
        if self._let_through or self.seen > 1:
            raise KeyboardInterrupt
        self.pending = True


def any_ending() -> Interrupts:
    """For what only a signal ends: Ctrl-C, SIGTERM and SIGHUP alike."""
    return Interrupts(signal.SIGINT, *_ENDING)


@contextmanager
def ending_cleanly() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind the program, as `SystemExit` with the usual status 128 + signal."""
    before = [signal.signal(number, _end) for number in _ENDING]
    try:
        yield
    finally:
        for number, handler in zip(_ENDING, before, strict=True):
            signal.signal(number, handler)


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


@contextmanager
def suspending(leave: Callable[[], None], come_back: Callable[[], None]) -> Iterator[None]:
    """Let Ctrl-Z stop the program, with `leave` called before and `come_back` after.

    Whoever started the program may have chosen that it is not to be stopped.
    """
    before = signal.getsignal(signal.SIGTSTP)

    def stop(number: int, _frame: FrameType | None) -> None:
        leave()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)  # and here it stands still
        signal.signal(number, stop)
        come_back()

    if before is signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGTSTP, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTSTP, before)
