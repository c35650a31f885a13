"""What a server said of its limits is kept, and says nothing after its reset."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.errors import StorageError
from ragchat.resilience.limits import CREATE_LIMITS, CoolDown, Limit, Limits, of_headers
from ragchat.storage.database import open_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MODEL = ("groq", "openai/gpt-oss-20b")
# As recorded in 2024.
HEADERS = {
    "x-ratelimit-limit-requests": "14400",
    "x-ratelimit-limit-tokens": "30000",
    "x-ratelimit-remaining-requests": "14398",
    "x-ratelimit-remaining-tokens": "29869",
    "x-ratelimit-reset-requests": "11.354999999s",
    "x-ratelimit-reset-tokens": "261ms",
}
ANOTHER_PROCESS = """
import sys
from datetime import datetime, timedelta
from pathlib import Path
from ragchat.resilience.limits import CREATE_LIMITS, Limit, Limits
from ragchat.storage.database import open_database

noon = datetime.fromisoformat(sys.argv[2])
limits = Limits(open_database(Path(sys.argv[1]), (CREATE_LIMITS,)), lambda: noon)
limits.note("groq", "m", [Limit("tokens", 8000, 100, noon + timedelta(seconds=50))])
limits.cool_down("groq", "m", noon + timedelta(hours=1), "tokens per day")
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
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_database(tmp_path / "state.db", (CREATE_LIMITS,))) as connection:
        yield connection


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(database: sqlite3.Connection, clock: Clock) -> Limits:
    return Limits(database, clock)


def tokens(remaining: int, *, resets_in: float = 60, allowed: int = 8000) -> Limit:
    return Limit("tokens", allowed, remaining, NOON + timedelta(seconds=resets_in))


def requests(remaining: int, *, resets_in: float = 86400, allowed: int = 1000) -> Limit:
    return Limit("requests", allowed, remaining, NOON + timedelta(seconds=resets_in))


def test_where_nothing_was_seen_nothing_blocks(limits: Limits) -> None:
    limits.note(*MODEL, ())
    assert limits.blocking(*MODEL, 10**9) is None
    assert limits.near(*MODEL) == ()
    assert limits.allowed_tokens(*MODEL) is None
    assert limits.cooling(*MODEL) is None


def test_a_request_that_needs_more_than_remains_is_blocked(limits: Limits) -> None:
    limits.note(*MODEL, (tokens(3000),))
    assert limits.blocking(*MODEL, 3000) is None
    assert limits.blocking(*MODEL, 3001) == tokens(3000)


def test_a_request_larger_than_all_that_is_allowed_is_not_for_waiting(limits: Limits) -> None:
    limits.note(*MODEL, (tokens(3000),))
    assert limits.blocking(*MODEL, 8000) is not None
    assert limits.blocking(*MODEL, 8001) is None
    assert limits.allowed_tokens(*MODEL) == 8000


def test_when_no_request_remains_every_one_is_blocked(limits: Limits) -> None:
    limits.note(*MODEL, (requests(1),))
    assert limits.blocking(*MODEL, 1) is None
    limits.note(*MODEL, (requests(0),))
    assert limits.blocking(*MODEL, 1) == requests(0)


@pytest.mark.parametrize(("day", "name"), [(86400, "requests"), (600, "tokens")])
def test_of_two_limits_that_block_the_last_to_be_free_counts(limits: Limits, day: float, name: str) -> None:
    limits.note(*MODEL, (requests(0, resets_in=day), tokens(0)))
    blocking = limits.blocking(*MODEL, 8000)
    assert blocking is not None
    assert blocking.name == name


def test_what_is_said_now_replaces_what_was_said_before(limits: Limits) -> None:
    limits.note(*MODEL, (requests(0), tokens(0)))
    limits.note(*MODEL, (requests(7), tokens(5000)))
    assert limits.blocking(*MODEL, 5000) is None


def test_a_limit_that_was_not_said_again_stays(limits: Limits) -> None:
    limits.note(*MODEL, (requests(0), tokens(0)))
    limits.note(*MODEL, (tokens(8000),))
    assert limits.blocking(*MODEL, 100) == requests(0)


def test_each_model_of_each_provider_has_its_own(limits: Limits) -> None:
    limits.note(*MODEL, (tokens(0),))
    limits.cool_down(*MODEL, NOON + timedelta(seconds=9), "tokens")
    for other in (("groq", "openai/gpt-oss-120b"), ("openai", MODEL[1])):
        assert limits.blocking(*other, 100) is None
        assert limits.cooling(*other) is None


def test_after_its_reset_a_limit_says_only_how_much_is_allowed(limits: Limits, clock: Clock) -> None:
    limits.note(*MODEL, (requests(0, resets_in=60), tokens(0, resets_in=60)))
    clock.pass_seconds(60)
    assert limits.blocking(*MODEL, 8000) is None
    assert limits.near(*MODEL) == ()
    assert limits.allowed_tokens(*MODEL) == 8000


def test_what_was_used_flows_back_until_the_reset(limits: Limits, clock: Clock) -> None:
    limits.note(*MODEL, (tokens(2000, resets_in=45),))
    clock.pass_seconds(15)
    assert limits.blocking(*MODEL, 4000) is None
    assert limits.blocking(*MODEL, 4001) == tokens(4000, resets_in=45)


def test_a_day_of_requests_flows_back_one_by_one(limits: Limits, clock: Clock) -> None:
    limits.note(*MODEL, (requests(0),))
    clock.pass_seconds(86.3)
    assert limits.blocking(*MODEL, 1) == requests(0)
    clock.pass_seconds(0.1)
    assert limits.blocking(*MODEL, 1) is None


@given(st.integers(1, 10**7), st.integers(1, 10**7), st.integers(0, 10**7), st.floats(0.001, 86400), st.booleans())
def test_when_a_limit_is_free_again_the_request_is_let_through(
    allowed: int, needed: int, remaining: int, resets_in: float, whole: bool
) -> None:
    clock = Clock()
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        connection.executescript(CREATE_LIMITS)
        limits = Limits(connection, clock)
        limit = Limit("requests" if whole else "tokens", allowed, remaining, NOON + timedelta(seconds=resets_in))
        limits.note(*MODEL, (limit,))
        clock.now = limit.free_at(needed, NOON)
        assert limits.blocking(*MODEL, needed) is None
        assert NOON <= clock.now <= limit.resets_at + timedelta.resolution


def test_a_request_waits_for_no_more_than_it_needs() -> None:
    assert tokens(2000, resets_in=45).free_at(2000, NOON) == NOON
    assert tokens(2000, resets_in=45).free_at(4000, NOON) == NOON + timedelta(seconds=15, microseconds=1)
    assert requests(0).free_at(4000, NOON) == NOON + timedelta(seconds=86.4, microseconds=1)


def test_near_limits_are_named_with_what_remains(limits: Limits) -> None:
    limits.note(*MODEL, (requests(100), tokens(801)))
    assert limits.near(*MODEL) == (requests(100),)
    limits.note(*MODEL, (requests(101), tokens(800)))
    assert limits.near(*MODEL) == (tokens(800),)


def test_a_limit_of_the_future_says_nothing(limits: Limits, clock: Clock) -> None:
    limits.note(*MODEL, (tokens(0),))
    clock.pass_seconds(-3600)
    assert limits.blocking(*MODEL, 100) is None


@pytest.mark.parametrize("time", ["tomorrow", "2026-11-20T13:00:00", b"\xff"])
def test_what_cannot_be_read_says_nothing(limits: Limits, database: sqlite3.Connection, time: object) -> None:
    limits.note(*MODEL, (tokens(0),))
    limits.cool_down(*MODEL, NOON + timedelta(hours=1), "tokens")
    database.execute("UPDATE cool_downs SET until = ?", (time,))
    assert limits.cooling(*MODEL) is None
    for column in ("resets_at", "seen_at"):
        limits.note(*MODEL, (tokens(0),))
        database.execute(f"UPDATE limits SET {column} = ?", (time,))
        assert limits.blocking(*MODEL, 100) is None


def test_a_cool_down_lasts_until_its_end(limits: Limits, clock: Clock) -> None:
    until = NOON + timedelta(minutes=9, seconds=38)
    limits.cool_down(*MODEL, until, "tokens per day")
    assert limits.cooling(*MODEL) == CoolDown(until, "tokens per day")
    clock.pass_seconds(577.9)
    assert limits.cooling(*MODEL) is not None
    clock.pass_seconds(0.1)
    assert limits.cooling(*MODEL) is None


def test_no_cool_down_is_longer_than_a_day(limits: Limits, clock: Clock) -> None:
    limits.cool_down(*MODEL, NOON + timedelta(days=11_574), "nonsense")
    assert limits.cooling(*MODEL) == CoolDown(NOON + timedelta(days=1), "nonsense")
    clock.pass_seconds(86_400)
    assert limits.cooling(*MODEL) is None


def test_a_cool_down_of_a_clock_that_was_set_back_is_over_and_keeps_no_other_out(
    limits: Limits, clock: Clock
) -> None:
    limits.cool_down(*MODEL, NOON + timedelta(minutes=1), "tokens per day")
    clock.pass_seconds(-365 * 86_400)
    assert limits.cooling(*MODEL) is None
    until = NOON - timedelta(days=365, seconds=-60)
    limits.cool_down(*MODEL, until, "requests per day")
    assert limits.cooling(*MODEL) == CoolDown(until, "requests per day")


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_cool_downs_the_later_end_stays(limits: Limits, order: int) -> None:
    # As text, the sooner one would come later.
    sooner = CoolDown(NOON.astimezone(timezone(timedelta(hours=5))), "a moment")
    later = CoolDown(NOON + timedelta(seconds=0.5), "a day")
    for asked in (sooner, later)[::order]:
        limits.cool_down(*MODEL, asked.until, asked.reason)
    assert limits.cooling(*MODEL) == later


def test_what_a_process_saw_the_next_one_knows(limits: Limits, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-c", ANOTHER_PROCESS, str(tmp_path / "state.db"), NOON.isoformat()],
        check=True,
        timeout=60,
    )
    assert limits.blocking("groq", "m", 101) == tokens(100, resets_in=50)
    assert limits.cooling("groq", "m") == CoolDown(NOON + timedelta(hours=1), "tokens per day")


@pytest.mark.parametrize(
    "write",
    [
        lambda limits: limits.note(*MODEL, (tokens(0),)),
        lambda limits: limits.cool_down(*MODEL, NOON, "tokens"),
    ],
)
def test_what_cannot_be_kept_says_so(
    limits: Limits, database: sqlite3.Connection, write: Callable[[Limits], None]
) -> None:
    database.execute("PRAGMA query_only = ON")
    with pytest.raises(StorageError) as raised:
        write(limits)
    assert raised.value.hint


def test_a_server_that_names_no_limit_costs_no_write(limits: Limits, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        limits.note(*MODEL, ())


def test_the_recorded_headers_are_read() -> None:
    assert of_headers(HEADERS, NOON) == (
        Limit("requests", 14400, 14398, NOON + timedelta(seconds=11.354999999)),
        Limit("tokens", 30000, 29869, NOON + timedelta(seconds=0.261)),
    )


@pytest.mark.parametrize(
    "headers",
    [
        httpx.Headers(HEADERS),
        {name.title(): value for name, value in HEADERS.items()},
        {name.upper(): f" {value} " for name, value in HEADERS.items()},
    ],
)
def test_header_names_are_read_in_any_case(headers: httpx.Headers | dict[str, str]) -> None:
    assert of_headers(headers, NOON) == of_headers(HEADERS, NOON)


@pytest.mark.parametrize("missing", [name for name in HEADERS if name.endswith("tokens")])
def test_a_limit_with_a_header_missing_is_none(missing: str) -> None:
    (limit,) = of_headers({name: value for name, value in HEADERS.items() if name != missing}, NOON)
    assert limit.name == "requests"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "-1"),
        ("limit", "9" * 5000),
        ("limit", "٣"),
        ("remaining", ""),
        ("remaining", "12.5"),
        ("remaining", "unlimited"),
        ("reset", "1763640000"),
        ("reset", "9999999h"),
        ("reset", "-1s"),
    ],
)
def test_a_limit_with_an_odd_header_is_none(name: str, value: str) -> None:
    (limit,) = of_headers({**HEADERS, f"x-ratelimit-{name}-requests": value}, NOON)
    assert limit.name == "tokens"


@given(st.dictionaries(st.sampled_from(sorted(HEADERS)), st.text("0123456789٣.-+ hmsµun", max_size=24)))
def test_whatever_a_server_says_is_a_limit_that_can_be_kept_or_none(headers: dict[str, str]) -> None:
    for limit in of_headers(headers, NOON):
        assert 0 < limit.allowed < 2**63
        assert 0 <= limit.remaining < 2**63
        assert limit.resets_at >= NOON
