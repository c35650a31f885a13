"""The pace at which many questions are put to a server: so many at a time, so many a minute, and slower on demand.

A token bucket with a burst, by pyrate-limiter. Its rate follows additive increase and multiplicative decrease, as
the window of TCP does (Chiu and Jain, 1989).
"""

from __future__ import annotations

import math
import time
from threading import Condition, Lock
from typing import TYPE_CHECKING

from pyrate_limiter import Rate, RateItem, StateBucket, TokenBucket

if TYPE_CHECKING:
    from collections.abc import Callable

SLOWER = 0.5
"""A failure leaves this share of the rate."""
FASTER = 0.05
"""A success gives this share of the configured rate back."""
SLOWEST = 0.1
"""The rate never falls below this share of the configured one."""

_MINUTE_MS = 60_000


class Pace:
    """Admits requests to one server, from any number of threads: `at_once` in flight, `per_minute` if it is set.

    As many as may be in flight may also begin at once after a rest. Each `admit` that returned is followed by one
    of `succeeded`, `failed` and `released`. `wait` waits for a condition that is held, or for so many seconds.
    """

    def __init__(
        self,
        at_once: int,
        per_minute: float | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[Condition, float | None], object] = Condition.wait,
    ) -> None:
        self._at_once = at_once
        self._configured = per_minute
        self._clock = clock
        self._wait = wait
        self._changed = Condition()
        self._in_flight = 0
        self._held_until = -math.inf
        self._slowed_at = -math.inf
        self._stopped = False
        self._rate = per_minute or math.inf
        self._bucket = StateBucket([self._as_rate()], TokenBucket()) if per_minute else None

    @property
    def per_minute(self) -> float:
        """The rate as it is now; infinite where none is configured."""
        return self._rate

    def admit(self) -> float:
        """Wait for a turn; the moment it came, which `failed` wants back.

        Raises `KeyboardInterrupt` after `stop`, as Ctrl-C does by itself in the main thread only.
        """
        with self._changed:
            while (wait_s := self._still()) != 0.0:
                self._wait(self._changed, wait_s)
            self._in_flight += 1
            return self._clock()

    def succeeded(self) -> None:
        """A request was answered."""
        with self._changed:
            if self._configured:
                self._go_at(min(self._configured, self._rate + FASTER * self._configured))
            self._give_back()

    def failed(self, admitted: float, hold_s: float = 0.0) -> None:
        """The server refused, or was not there; it named a wait of `hold_s`, which is everyone's.

        What was `admitted` before the last failure went out at the old rate, and says nothing of the new one.
        """
        with self._changed:
            if self._configured and admitted >= self._slowed_at:
                self._slowed_at = self._clock()
                self._go_at(max(SLOWEST * self._configured, SLOWER * self._rate))
            self._hold(hold_s)
            self._give_back()

    def released(self, hold_s: float = 0.0) -> None:
        """A request ended and said nothing of the server, or was not made, as nobody may for another `hold_s`."""
        with self._changed:
            self._hold(hold_s)
            self._give_back()

    def stop(self) -> None:
        """Nobody is admitted any more, whoever waits included."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _still(self) -> float | None:
        """Seconds after which to look again, 0 when the turn has come, None when someone else has to end first."""
        if self._stopped:
            raise KeyboardInterrupt
        if self._in_flight >= self._at_once:
            return None
        held_s = self._held_until - self._clock()
        return held_s if held_s > 0 else self._until_token()

    def _until_token(self) -> float:
        """Take a token, or tell in how many seconds there is one."""
        item = RateItem("", int(1000 * self._clock()))
        if self._bucket is None or self._bucket.put(item):
            return 0.0
        wait_ms = self._bucket.waiting(item)
        assert isinstance(wait_ms, int)  # only a bucket elsewhere is awaited
        return max(1, wait_ms) / 1000

    def _hold(self, hold_s: float) -> None:
        self._held_until = max(self._held_until, self._clock() + hold_s)

    def _go_at(self, rate: float) -> None:
        self._rate = rate
        if self._bucket:
            self._bucket.rates = [self._as_rate()]

    def _as_rate(self) -> Rate:
        # The burst shrinks with the rate: the bucket counts in time, and would make more tokens of the same debt.
        burst = int(self._at_once * self._rate / self._configured) if self._configured else 1
        return Rate(1, math.ceil(_MINUTE_MS / self._rate), burst=max(1, burst))

    def _give_back(self) -> None:
        self._in_flight -= 1
        self._changed.notify_all()


class Paces:
    """A pace for each server, made when it is first asked for."""

    def __init__(self, at_once: int, per_minute: float | None = None) -> None:
        self._at_once = at_once
        self._per_minute = per_minute
        self._lock = Lock()
        self._stopped = False
        self._made: dict[str, Pace] = {}

    def of(self, server: str) -> Pace:
        """The pace of `server`, by whatever name it is known."""
        with self._lock:
            if server not in self._made:
                self._made[server] = Pace(self._at_once, self._per_minute)
                if self._stopped:
                    self._made[server].stop()
            return self._made[server]

    def stop(self) -> None:
        """Admit nobody any more."""
        with self._lock:
            self._stopped = True
            for pace in self._made.values():
                pace.stop()
