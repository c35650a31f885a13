"""A breaker whose state outlives the process, among real processes and threads."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ragchat.errors import StorageError
from ragchat.resilience.breaker import CREATE_BREAKERS, Breaker
from ragchat.storage.database import open_database

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ANOTHER_PROCESS = """
import sys
from datetime import datetime
from pathlib import Path
from ragchat.resilience.breaker import CREATE_BREAKERS, Breaker
from ragchat.storage.database import open_database

path, at, *steps = sys.argv[1:]
breaker = Breaker(open_database(Path(path), (CREATE_BREAKERS,)), "groq", now=lambda: datetime.fromisoformat(at))
print("ready", flush=True)
sys.stdin.readline()
for step in steps:
    print(getattr(breaker, step)(), flush=True)
sys.stdin.readline()
"""


class Clock:
    """The time of day, which goes on when a test says so."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def database(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_database(path, (CREATE_BREAKERS,))) as connection:
        yield connection


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(database: sqlite3.Connection, clock: Clock) -> Breaker:
    return Breaker(database, "groq", clock)


@pytest.fixture
def another(database: sqlite3.Connection, clock: Clock) -> Breaker:
    """The same breaker, as another request sees it."""
    return Breaker(database, "groq", clock)


@contextmanager
def process(path: Path, at: datetime, *steps: str) -> Iterator[subprocess.Popen[str]]:
    """A process that takes `steps` when it is told to; killed at the end."""
    child = subprocess.Popen(
        [sys.executable, "-c", ANOTHER_PROCESS, str(path), at.isoformat(), *steps],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert said(child) == "ready"
        yield child
    finally:
        child.kill()
        child.communicate()


def tell(child: subprocess.Popen[str]) -> None:
    assert child.stdin is not None
    child.stdin.write("\n")
    child.stdin.flush()


def said(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().rstrip("\n")


def fail(breaker: Breaker, times: int = 3) -> None:
    for _ in range(times):
        assert breaker.admit() is None
        breaker.failed()


def in_threads(path: Path, provider: str, clock: Clock, work: Callable[[Breaker], object]) -> list[object]:
    """What `work` returns in each of three threads, which begin together."""
    barrier = threading.Barrier(3)

    def one(_: int) -> object:
        with closing(open_database(path, (CREATE_BREAKERS,))) as connection:
            breaker = Breaker(connection, provider, clock)
            barrier.wait(60)
            return work(breaker)

    with ThreadPoolExecutor(3) as pool:
        return list(pool.map(one, range(3)))


def test_two_failures_leave_it_closed_and_the_third_opens_it_for_half_a_minute(
    breaker: Breaker, clock: Clock
) -> None:
    fail(breaker, 2)
    assert breaker.admit() is None
    breaker.failed()
    assert breaker.admit() == NOON + timedelta(seconds=30)
    clock.pass_seconds(29.9)
    assert breaker.admit() == NOON + timedelta(seconds=30)


def test_only_failures_one_after_the_other_open_it(breaker: Breaker) -> None:
    fail(breaker, 2)
    breaker.succeeded()
    fail(breaker, 2)
    assert breaker.admit() is None


def test_each_provider_has_its_own(breaker: Breaker, database: sqlite3.Connection, clock: Clock) -> None:
    fail(breaker)
    assert Breaker(database, "ollama", clock).admit() is None


def test_what_tells_nothing_of_the_provider_changes_no_count(breaker: Breaker) -> None:
    fail(breaker, 2)
    breaker.released()
    assert breaker.admit() is None
    breaker.failed()
    assert breaker.admit() is not None


def test_after_half_a_minute_one_request_is_the_probe(breaker: Breaker, another: Breaker, clock: Clock) -> None:
    fail(breaker)
    clock.pass_seconds(30)
    assert breaker.admit() is None
    assert another.admit() == clock.now + timedelta(seconds=60)


def test_a_probe_that_succeeds_closes_it(breaker: Breaker, another: Breaker, clock: Clock) -> None:
    fail(breaker)
    clock.pass_seconds(30)
    breaker.admit()
    breaker.succeeded()
    fail(another, 2)
    assert another.admit() is None


def test_a_probe_that_fails_opens_it_again(breaker: Breaker, another: Breaker, clock: Clock) -> None:
    fail(breaker)
    for _ in range(5):
        clock.pass_seconds(30)
        assert breaker.admit() is None
        clock.pass_seconds(7)
        breaker.failed()
        assert another.admit() == breaker.admit() == clock.now + timedelta(seconds=30)


def test_a_probe_that_was_given_back_is_admitted_again_at_once(
    breaker: Breaker, another: Breaker, clock: Clock
) -> None:
    fail(breaker)
    clock.pass_seconds(30)
    breaker.admit()
    breaker.released()
    assert another.admit() is None
    assert breaker.admit() is not None


def test_who_is_not_the_probe_gives_nothing_back(breaker: Breaker, another: Breaker, clock: Clock) -> None:
    fail(breaker)
    clock.pass_seconds(30)
    breaker.admit()
    another.released()
    assert another.admit() is not None


def test_a_probe_of_which_nothing_is_heard_is_given_up(breaker: Breaker, another: Breaker, clock: Clock) -> None:
    fail(breaker)
    clock.pass_seconds(30)
    breaker.admit()
    clock.pass_seconds(59.9)
    assert another.admit() is not None
    clock.pass_seconds(0.1)
    assert another.admit() is None
    breaker.failed()
    another.succeeded()
    assert breaker.admit() is None


def test_a_request_from_before_it_opened_does_not_keep_it_open_longer(
    breaker: Breaker, another: Breaker, clock: Clock
) -> None:
    another.admit()
    fail(breaker)
    clock.pass_seconds(10)
    another.failed()
    assert breaker.admit() == NOON + timedelta(seconds=30)


def test_a_request_from_before_it_opened_does_not_fail_for_the_probe(
    breaker: Breaker, another: Breaker, clock: Clock
) -> None:
    another.admit()
    fail(breaker)
    clock.pass_seconds(30)
    breaker.admit()
    another.failed()
    breaker.released()
    assert another.admit() is None


def test_a_request_from_before_it_opened_that_succeeds_closes_it(breaker: Breaker, another: Breaker) -> None:
    another.admit()
    fail(breaker)
    another.succeeded()
    assert breaker.admit() is None


def test_processes_that_ask_once_each_open_it_together(path: Path, breaker: Breaker) -> None:
    for _ in range(3):
        with process(path, NOON, "admit", "failed") as child:
            tell(child)
            assert (said(child), said(child)) == ("None", "None")
    assert breaker.admit() == NOON + timedelta(seconds=30)


def test_of_processes_that_ask_at_the_same_moment_one_is_the_probe(path: Path, breaker: Breaker) -> None:
    fail(breaker)
    later = NOON + timedelta(seconds=30)
    with (
        process(path, later, "admit") as a,
        process(path, later, "admit") as b,
        process(path, later, "admit") as c,
    ):
        for child in (a, b, c):
            tell(child)
        answers = sorted(said(child) for child in (a, b, c))
    refused = str(later + timedelta(seconds=60))
    assert answers == [refused, refused, "None"]


def test_the_probe_of_a_killed_process_is_given_up(path: Path, breaker: Breaker, clock: Clock) -> None:
    fail(breaker)
    clock.pass_seconds(30)
    with process(path, clock.now, "admit") as child:
        tell(child)
        assert said(child) == "None"
    assert breaker.admit() == clock.now + timedelta(seconds=60)
    clock.pass_seconds(60)
    assert breaker.admit() is None


@pytest.mark.parametrize("provider", [f"provider {number}" for number in range(10)])
def test_of_threads_that_ask_at_the_same_moment_one_is_the_probe(
    path: Path, database: sqlite3.Connection, clock: Clock, provider: str
) -> None:
    fail(Breaker(database, provider, clock))
    clock.pass_seconds(30)
    assert in_threads(path, provider, clock, Breaker.admit).count(None) == 1


@pytest.mark.parametrize("provider", [f"provider {number}" for number in range(10)])
def test_failures_at_the_same_moment_all_count(
    path: Path, database: sqlite3.Connection, clock: Clock, provider: str
) -> None:
    in_threads(path, provider, clock, Breaker.failed)
    assert Breaker(database, provider, clock).admit() is not None


@pytest.mark.parametrize(
    "row",
    [
        ("groq", "ajar", 3, NOON.isoformat(), None),
        ("groq", b"open", 3, NOON.isoformat(), None),
        ("groq", "open", 3, "yesterday", None),
        ("groq", "open", 3, "2026-11-20T12:00:00", None),
        ("groq", "open", 3, 1763640000, None),
        ("groq", "half-open", 3, NOON.isoformat(), b"probe"),
        ("groq", "closed", 2.5, NOON.isoformat(), None),
        ("groq", "closed", 10**12, NOON.isoformat(), None),
        ("groq", "closed", -1, NOON.isoformat(), None),
    ],
)
def test_a_state_that_cannot_be_read_counts_as_closed_without_failures(
    breaker: Breaker, database: sqlite3.Connection, row: tuple[object, ...]
) -> None:
    database.execute("INSERT INTO breakers VALUES (?, ?, ?, ?, ?)", row)
    fail(breaker)
    assert breaker.admit() == NOON + timedelta(seconds=30)


@pytest.mark.parametrize("state", ["open", "half-open"])
def test_a_state_of_the_future_counts_as_closed(breaker: Breaker, clock: Clock, state: str) -> None:
    fail(breaker)
    if state == "half-open":
        clock.pass_seconds(30)
        breaker.admit()
    clock.pass_seconds(-3600)
    fail(breaker)
    assert breaker.admit() == clock.now + timedelta(seconds=30)


@pytest.mark.parametrize("step", [Breaker.succeeded, Breaker.failed])
def test_a_result_that_cannot_be_kept_says_so(
    breaker: Breaker, database: sqlite3.Connection, step: Callable[[Breaker], None]
) -> None:
    fail(breaker, 1)
    database.execute("PRAGMA query_only = ON")
    with pytest.raises(StorageError):
        step(breaker)


def test_a_probe_that_cannot_be_kept_says_so(breaker: Breaker, database: sqlite3.Connection, clock: Clock) -> None:
    fail(breaker)
    clock.pass_seconds(30)
    database.execute("PRAGMA query_only = ON")
    for step in (breaker.admit, breaker.released):
        with pytest.raises(StorageError) as raised:
            step()
        assert raised.value.hint


@pytest.mark.parametrize("step", [Breaker.admit, Breaker.succeeded, Breaker.failed, Breaker.released])
def test_a_database_without_the_table_says_so(
    breaker: Breaker, database: sqlite3.Connection, step: Callable[[Breaker], object]
) -> None:
    database.execute("DROP TABLE breakers")
    with pytest.raises(StorageError, match="Which providers are failing cannot be kept"):
        step(breaker)
