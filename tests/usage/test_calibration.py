"""The length of a model's tokens is learned from what servers count."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.errors import StorageError
from ragchat.language.tokens import estimate_tokens
from ragchat.storage.database import open_database
from ragchat.usage.calibration import CREATE_CALIBRATIONS, LEAST, MOST, Calibration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GROQ = ("groq", "openai/gpt-oss-20b")
TEXT = "bread " * 10_000


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_database(tmp_path / "calibrations.db", (CREATE_CALIBRATIONS,))) as connection:
        yield connection


def taught(calibration: Calibration, bytes_per_token: float, *, times: int) -> float:
    """The estimate in tokens for each one that the server counts, after `times` lessons."""
    for _ in range(times):
        calibration.learn(*GROQ, len(TEXT), round(len(TEXT) / bytes_per_token))
    return calibration.tokens(*GROQ, TEXT) / (len(TEXT) / bytes_per_token)


def test_before_anything_is_learned_the_estimate_is_everybodys(connection: sqlite3.Connection) -> None:
    assert Calibration(connection).tokens(*GROQ, TEXT) == estimate_tokens(TEXT)
    assert Calibration(connection).tokens(*GROQ, "") == 0


@pytest.mark.parametrize("bytes_per_token", [1.0, 2.0, 3.0, 3.5, 4.5, 6.0, 8.0])
def test_what_is_learned_becomes_the_servers_count_and_the_margin(
    connection: sqlite3.Connection, bytes_per_token: float
) -> None:
    assert taught(Calibration(connection), bytes_per_token, times=40) == pytest.approx(1.03, abs=0.002)


@pytest.mark.parametrize("bytes_per_token", [1.5, 2.5, 3.5, 5.0, 7.0])
def test_after_few_lessons_it_is_rather_too_many_than_too_few(
    connection: sqlite3.Connection, bytes_per_token: float
) -> None:
    calibration = Calibration(connection)
    ratios = [taught(calibration, bytes_per_token, times=1) for _ in range(12)]
    assert all(ratio >= 1 for ratio in ratios[5:])
    distances = [abs(ratio - 1.03) for ratio in ratios]
    assert distances[-1] <= distances[0] + 1e-3
    assert max(ratios[:4]) >= 1.1 - 1e-3 or bytes_per_token < 3.5


def test_shorter_tokens_are_believed_sooner_than_longer_ones(connection: sqlite3.Connection) -> None:
    calibration = Calibration(connection)
    taught(calibration, 4.0, times=30)
    for bytes_per_token in (3.0, 5.0) * 20:
        taught(calibration, bytes_per_token, times=1)
    assert calibration.tokens(*GROQ, TEXT) > len(TEXT) / 4.0


@given(st.lists(st.tuples(st.integers(-5, 10**7), st.integers(-5, 10**7)), max_size=12))
def test_no_lesson_leads_beyond_the_bounds(lessons: list[tuple[int, int]]) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute(CREATE_CALIBRATIONS)
        calibration = Calibration(connection)
        for lesson in lessons:
            calibration.learn(*GROQ, *lesson)
        most, least = len(TEXT) / LEAST * 1.1 + 1, len(TEXT) / MOST
        assert least <= calibration.tokens(*GROQ, TEXT) <= most


def test_each_model_of_each_provider_learns_by_itself(connection: sqlite3.Connection) -> None:
    calibration = Calibration(connection)
    others = (("groq", "qwen"), ("ollama", GROQ[1]))
    for other in others:
        calibration.learn(*other, 8000, 1000)
    known = [calibration.tokens(*other, TEXT) for other in others]
    taught(calibration, 2.0, times=9)
    assert [calibration.tokens(*other, TEXT) for other in others] == known
    assert calibration.tokens("openai", GROQ[1], TEXT) == estimate_tokens(TEXT)


def test_another_process_knows_what_one_has_learned(connection: sqlite3.Connection, tmp_path: Path) -> None:
    taught(Calibration(connection), 2.0, times=9)
    with closing(open_database(tmp_path / "calibrations.db", (CREATE_CALIBRATIONS,))) as other:
        assert Calibration(other).tokens(*GROQ, TEXT) == Calibration(connection).tokens(*GROQ, TEXT)


def test_a_database_that_fails_is_told_and_stops_no_estimate(connection: sqlite3.Connection) -> None:
    calibration = Calibration(connection)
    taught(calibration, 2.0, times=9)
    connection.execute("DROP TABLE calibrations")
    assert calibration.tokens(*GROQ, TEXT) == estimate_tokens(TEXT)
    with pytest.raises(StorageError) as raised:
        calibration.learn(*GROQ, 1000, 300)
    assert "no such table" in raised.value.message
    assert raised.value.hint


def test_a_database_that_is_closed_is_no_other_case(connection: sqlite3.Connection) -> None:
    connection.close()
    calibration = Calibration(connection)
    assert calibration.tokens(*GROQ, TEXT) == estimate_tokens(TEXT)
    with pytest.raises(StorageError):
        calibration.learn(*GROQ, 1000, 300)
