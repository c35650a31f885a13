"""Durations as Go writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.resilience.durations import seconds


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59999))
def test_a_duration_as_go_writes_it_is_read(hours: int, minutes: int, milliseconds: int) -> None:
    written = f"{hours}h{minutes}m{milliseconds / 1000}s"
    assert seconds(written) == pytest.approx(hours * 3600 + minutes * 60 + milliseconds / 1000)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("0s", 0),
        ("26ms", 0.026),
        ("3m", 180),
        ("10.332999999s", 10.332999999),
        ("9m38.016s", 578.016),
        ("150µs", 0.00015),
        ("150us", 0.00015),
        ("7ns", 7e-9),
        ("2562047h47m16s", 2**63 // 10**9),
    ],
)
def test_every_unit_is_known(written: str, expected: float) -> None:
    assert seconds(written) == pytest.approx(expected)


@pytest.mark.parametrize(
    "text", ["", "soon", "5", "5 s", "m5", "-5s", "5s ", "5s\n", "1.s", ".5s", "٣s", "2562048h", f"{'9' * 400}s"]
)
def test_what_go_could_not_have_written_is_none(text: str) -> None:
    assert seconds(text) is None


@given(st.text("0123456789.hmsµun", max_size=20))
def test_whatever_is_said_is_a_time_to_wait_or_none(text: str) -> None:
    wait = seconds(text)
    assert wait is None or 0 <= wait < 2**63 / 1e9
