"""So many at a time, so many a minute, slower after failures, and a wait that is everyone's."""

from __future__ import annotations

import time
from collections import deque
from itertools import pairwise
from threading import Barrier, Condition, Lock, Thread
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.resilience.pacing import Pace, Paces

if TYPE_CHECKING:
    from collections.abc import Callable


class Clock:
    """A clock that goes on when somebody waits, and only then."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def wait(self, _changed: Condition, seconds: float | None) -> None:
        assert seconds is not None, "nobody is left who could end the wait"
        self.now += seconds


def paced(at_once: int, per_minute: float | None = None) -> tuple[Pace, Clock]:
    clock = Clock()
    return Pace(at_once, per_minute, clock=clock, wait=clock.wait), clock


def test_a_burst_goes_at_once_and_the_rest_at_the_rate() -> None:
    pace, clock = paced(3, per_minute=30)
    began = clock.now
    moments = []
    for _ in range(6):
        moments.append(pace.admit() - began)
        pace.released()
    assert moments == pytest.approx([0, 0, 0, 2, 4, 6])


def test_after_a_rest_there_is_a_burst_again_and_no_larger_one() -> None:
    pace, clock = paced(2, per_minute=60)
    for _ in range(4):
        pace.admit()
        pace.released()
    clock.now += 3600
    began = clock.now
    moments = []
    for _ in range(4):
        moments.append(pace.admit() - began)
        pace.released()
    assert moments == pytest.approx([0, 0, 1, 2])


def test_without_a_rate_nobody_waits() -> None:
    pace, clock = paced(1)
    began = clock.now
    for _ in range(1000):
        pace.admit()
        pace.succeeded()
    assert clock.now == began


def test_a_failure_halves_the_rate_and_successes_bring_it_back_step_by_step() -> None:
    pace, _ = paced(1, per_minute=40)
    pace.failed(pace.admit())
    assert pace.per_minute == 20
    rates = []
    for _ in range(12):
        pace.admit()
        pace.succeeded()
        rates.append(pace.per_minute)
    assert rates == [22, 24, 26, 28, 30, 32, 34, 36, 38, 40, 40, 40]


def test_the_new_rate_is_the_one_that_holds() -> None:
    pace, clock = paced(1, per_minute=60)
    pace.failed(pace.admit())
    moments = []
    for _ in range(3):
        moments.append(pace.admit())
        pace.released()
    assert [later - earlier for earlier, later in pairwise(moments)] == pytest.approx([2, 2])
    assert clock.now == moments[-1]


def test_a_slower_pace_makes_no_new_burst_of_what_was_spent() -> None:
    pace, clock = paced(4, per_minute=60)
    for _ in range(4):
        admitted = pace.admit()
        pace.released()
    pace.admit()
    pace.failed(admitted)
    before = clock.now
    pace.admit()
    assert clock.now > before


def test_the_rate_does_not_fall_below_its_floor() -> None:
    pace, _ = paced(1, per_minute=60)
    for _ in range(20):
        pace.failed(pace.admit())
    assert pace.per_minute == 6


def test_failures_of_requests_that_went_out_together_count_once() -> None:
    pace, clock = paced(4, per_minute=600)
    together = [pace.admit() for _ in range(4)]
    clock.now += 1
    for admitted in together:
        pace.failed(admitted)
    assert pace.per_minute == 300
    pace.failed(pace.admit())
    assert pace.per_minute == 150


def test_a_wait_that_the_server_named_holds_everyone_and_is_never_cut_short() -> None:
    pace, clock = paced(3)
    first, second = pace.admit(), pace.admit()
    began = clock.now
    pace.failed(first, hold_s=7)
    pace.failed(second, hold_s=2)
    assert pace.admit() - began == pytest.approx(7)
    assert pace.admit() - began == pytest.approx(7)


@given(
    steps=st.lists(st.sampled_from(["succeeded", "failed", "released", "rest"]), max_size=60),
    per_minute=st.integers(1, 6000),
    at_once=st.integers(1, 32),
)
def test_whatever_happens_the_rate_stays_within_its_bounds_and_is_kept(
    steps: list[str], per_minute: int, at_once: int
) -> None:
    pace, clock = paced(at_once, per_minute)
    began, admitted_in_all = clock.now, 0
    for step in steps:
        if step == "rest":
            clock.now += 0.7
            continue
        admitted = pace.admit()
        admitted_in_all += 1
        if step == "failed":
            pace.failed(admitted)
        elif step == "succeeded":
            pace.succeeded()
        else:
            pace.released()
        assert per_minute / 10 - 1e-9 <= pace.per_minute <= per_minute
        assert admitted_in_all <= at_once + (clock.now - began) * per_minute / 60 + 1


def _in_threads(count: int, work: Callable[[], None]) -> None:
    threads = [Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
        assert not thread.is_alive()


def test_threads_are_never_more_in_flight_than_allowed_and_keep_the_rate() -> None:
    pace = Pace(4, per_minute=6000)
    lock, moments = Lock(), deque[float]()
    inside = most = 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(10):
            pace.admit()
            with lock:
                inside += 1
                most = max(most, inside)
                moments.append(time.monotonic())
            time.sleep(0.002)  # the work itself
            with lock:
                inside -= 1
            pace.succeeded()

    began = time.monotonic()
    _in_threads(12, work)
    assert len(moments) == 120
    assert 1 < most <= 4
    # A hundred a second behind a burst of four, however slow the machine is.
    assert all(number <= 4 + 100 * (moment - began) + 1 for number, moment in enumerate(moments, start=1))


def test_stop_wakes_who_waits_for_a_turn_as_ctrl_c_does() -> None:
    paces = Paces(1)
    pace = paces.of("groq")
    pace.admit()
    begun, ended = Barrier(4), []

    def wait() -> None:
        begun.wait()
        try:
            pace.admit()
        except KeyboardInterrupt:
            ended.append("interrupted")

    def stop() -> None:
        begun.wait()
        paces.stop()

    stopping = Thread(target=stop)
    stopping.start()
    _in_threads(3, wait)
    stopping.join(timeout=30)
    assert ended == ["interrupted"] * 3


def test_who_comes_after_the_stop_is_not_admitted_to_any_server() -> None:
    paces = Paces(1)
    paces.stop()
    with pytest.raises(KeyboardInterrupt):
        paces.of("ollama").admit()


def test_servers_are_paced_apart() -> None:
    paces = Paces(1)
    paces.of("groq").admit()
    paces.of("ollama").admit()
    assert paces.of("groq") is paces.of("groq")
