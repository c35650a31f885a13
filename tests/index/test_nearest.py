"""What lies nearest: the same whether all dimensions are looked at or the first ones before the others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ragchat.index.nearest import nearest
from ragchat.index.segment import Columns, halves, open_segment, write_segment
from ragchat.index.view import View
from ragchat.index.words import WIDTH

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from ragchat.index.segment import Segment

# More than are looked at one by one.
_SIZES = (15_000, 9_000)


def _segment(path: Path, first_row: int, vectors: NDArray[np.float32]) -> Segment:
    count = len(vectors)
    nothing = np.empty(0, np.uint32)
    columns = Columns(
        rows=np.arange(count) + first_row,
        documents=np.arange(count) + first_row,
        joined=np.zeros(count, np.uint8),
        heads=np.zeros(count, np.uint16),
        starts=np.zeros(count + 1, np.int64),
        tokens=nothing,
        words=nothing,
        stems=nothing,
        kinds=np.empty(0, np.uint8),
        word_vectors=np.empty((0, WIDTH), np.int8),
    )
    write_segment(path, columns, [halves(vectors)])
    return open_segment(path)


@pytest.fixture(scope="module")
def vectors() -> NDArray[np.float32]:
    """`(24000, 128)`, of length one; the first dimensions say most, as those of the bundled vectors do."""
    made = np.random.default_rng(1).standard_normal((sum(_SIZES), 128), np.float32)
    made *= np.linspace(1.0, 0.05, 128, dtype=np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    return made


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory, vectors: NDArray[np.float32]) -> View:
    """Two segments, every seventh of whose chunks is buried."""
    folder = tmp_path_factory.mktemp("segments")
    first, second = vectors[: _SIZES[0]], vectors[_SIZES[0] :]
    segments = [_segment(folder / "a", 1, first), _segment(folder / "b", 1 + len(first), second)]
    return View(segments, np.arange(1, len(vectors) + 1, 7))


@pytest.mark.parametrize("count", [1, 10, 150, 30_000])
@pytest.mark.parametrize("is_filtered", [False, True])
def test_by_the_first_dimensions_are_found_those_that_are_nearest_by_all(
    view: View, vectors: NDArray[np.float32], count: int, is_filtered: bool
) -> None:
    allowed = np.arange(len(view)) % 5 == 0 if is_filtered else None
    assert view.alive is not None
    wanted = view.alive if allowed is None else view.alive & allowed
    for vector in vectors[:20]:
        scores = np.where(wanted, vectors @ vector, -1.0)
        expected = np.argsort(-scores, kind="stable")[: min(count, int(wanted.sum()))]
        for leading in (True, False):
            found = nearest(view, vector, count, allowed, leading=leading)
            assert len(set(found.tolist())) == len(expected)
            # Sums in another order differ in their last places, and so may what is equally near.
            np.testing.assert_allclose(scores[found], scores[expected], atol=1e-6)


def test_of_vectors_whose_first_dimensions_say_nothing_all_are_looked_at(view: View) -> None:
    segment = view.segments[0]
    silent = replace(segment, leads=np.zeros_like(segment.leads))
    last = len(segment) - 1
    vector = np.concatenate((silent.leads[last], silent.rests[last]))
    assert nearest(View([silent], np.empty(0, np.int64)), vector, 1, None, leading=False).tolist() == [last]
