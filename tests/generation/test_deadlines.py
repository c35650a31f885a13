"""What an answer may take, by a clock that is moved by hand."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ragchat.errors import GenerationError
from ragchat.generation.providers.deadlines import Deadline, Deadlines


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def code_of(deadline: Deadline) -> str | None:
    try:
        deadline.check()
    except GenerationError as error:
        whole = error.label == "deadline_whole"
        assert (error.failure, error.hint) == (
            "timeout",
            "Raise RAGCHAT_ANSWER_TIMEOUT, or ask again." if whole else "Wait.",
        )
        return error.label
    return None


def started(clock: Clock, first_s: float, between_s: float, whole_s: float | None = None) -> Deadline:
    return Deadline(Deadlines(first_s, between_s, whole_s), clock, hint="Wait.")


def test_each_deadline_has_its_code(clock: Clock) -> None:
    deadline = started(clock, 45.0, 20.0, 60.0)
    clock.now += 44.0
    assert code_of(deadline) is None
    clock.now += 1.0
    assert code_of(deadline) == "deadline_first"
    with deadline.handing_on("A"):
        pass
    assert code_of(deadline) is None
    clock.now += 14.0
    assert code_of(deadline) is None
    clock.now += 1.0
    assert code_of(deadline) == "deadline_whole"


def test_after_a_text_the_next_one_has_its_own_time(clock: Clock) -> None:
    deadline = started(clock, 45.0, 20.0)
    for _ in range(9):
        with deadline.handing_on("A"):
            pass
        clock.now += 19.0
        assert code_of(deadline) is None
    clock.now += 1.0
    assert code_of(deadline) == "deadline_between"


def test_white_space_is_no_text(clock: Clock) -> None:
    deadline = started(clock, 45.0, 20.0)
    clock.now += 40.0
    with deadline.handing_on(" \n"):
        pass
    clock.now += 5.0
    assert code_of(deadline) == "deadline_first"


@pytest.mark.parametrize("text", ["A", " "])
def test_the_time_of_a_reader_does_not_count(clock: Clock, text: str) -> None:
    deadline = started(clock, 45.0, 20.0, 60.0)
    with deadline.handing_on(text):
        clock.now += 1000.0
        assert not deadline.passed
    clock.now += 19.0
    assert code_of(deadline) is None


def test_nothing_is_too_late_in_the_time_that_remains(clock: Clock) -> None:
    deadline = started(clock, 45.0, 20.0)
    assert deadline.remaining_s() == 3.0
    clock.now += 44.0
    assert deadline.remaining_s() == 1.0
    clock.now += 30.0
    assert deadline.remaining_s() == 0.0
    assert deadline.passed


def test_at_the_end_only_counts_are_waited_for_and_not_long(clock: Clock) -> None:
    deadline = started(clock, 45.0, 20.0)
    with deadline.handing_on("A"):
        pass
    deadline.ending()
    clock.now += 2.0
    deadline.ending()
    assert (deadline.remaining_s(), deadline.passed) == (1.0, False)
    clock.now += 1.0
    assert deadline.passed


def test_the_head_of_a_reply_may_not_take_longer_than_the_answer() -> None:
    assert Deadlines(45.0, 20.0).to_head_s == 45.0
    assert Deadlines(45.0, 20.0, 30.0).to_head_s == 30.0
    assert Deadlines(10.0, 20.0).silence_s == 20.0


@pytest.mark.parametrize(("first_s", "allowed_s"), [(None, 45.0), (3.0, 3.0), (60.0, 45.0)])
def test_a_prompt_may_have_less_patience_not_more(first_s: float | None, allowed_s: float) -> None:
    assert Deadlines(45.0, 20.0, 60.0).within(first_s) == Deadlines(allowed_s, 20.0, 60.0)
