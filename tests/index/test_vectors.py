"""The vectors in ChromaDB, in shards of which one at a time is in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from ragchat.index.vectors import Vectors

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NAMES = [f"{number:032x}" for number in range(250)]


@pytest.fixture
def rows() -> NDArray[np.float32]:
    return np.random.default_rng(3).standard_normal((len(NAMES), 8), np.float32)


@pytest.fixture
def vectors(tmp_path: Path, rows: NDArray[np.float32]) -> Vectors:
    """Three shards: two of a hundred, one of fifty."""
    made = Vectors(tmp_path / "vectors", shard=100)
    for start in range(0, len(NAMES), 60):
        made.add(NAMES[start : start + 60], rows[start : start + 60])
    return made


def _assert_held(held: dict[str, NDArray[np.float32]], rows: NDArray[np.float32]) -> None:
    """`held` are the vectors of all names; ChromaDB gives them back rounded."""
    assert held.keys() == set(NAMES)
    np.testing.assert_allclose(np.stack([held[name] for name in NAMES]), rows, atol=1e-6)


def _all(vectors: Vectors) -> dict[str, NDArray[np.float32]]:
    return {name: row for names, rows in vectors.all() for name, row in zip(names, rows, strict=True)}


def test_every_vector_is_in_one_shard(vectors: Vectors, rows: NDArray[np.float32]) -> None:
    assert [len(names) for names, _ in vectors.all()] == [100, 100, 50]
    _assert_held(_all(vectors), rows)


def test_what_goes_is_found_in_whichever_shard_it_is(vectors: Vectors) -> None:
    gone = {*NAMES[5:10], *NAMES[95:105], *NAMES[249:]}
    vectors.remove([*sorted(gone), "never there"])
    assert vectors.ids() == set(NAMES) - gone


def test_some_are_had_from_whichever_shard_they_are_in(vectors: Vectors, rows: NDArray[np.float32]) -> None:
    held = vectors.get([NAMES[3], NAMES[150], NAMES[249], "never there"])
    assert held.keys() == {NAMES[3], NAMES[150], NAMES[249]}
    for number in (3, 150, 249):
        np.testing.assert_allclose(held[NAMES[number]], rows[number], atol=1e-6)


def test_opened_again_the_last_shard_is_filled_up(
    vectors: Vectors, rows: NDArray[np.float32], tmp_path: Path
) -> None:
    vectors.remove(NAMES[:30])
    vectors.close()
    again = Vectors(tmp_path / "vectors", shard=100)
    again.add(NAMES[:30], rows[:30])
    assert [len(names) for names, _ in again.all()] == [70, 100, 80]
    _assert_held(_all(again), rows)
    again.close()


def test_cleared_they_may_have_another_width(vectors: Vectors) -> None:
    vectors.clear()
    assert vectors.ids() == set()
    vectors.add(["one"], np.ones((1, 5), np.float32))
    assert [row.tolist() for row in _all(vectors).values()] == [[1.0] * 5]
