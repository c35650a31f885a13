"""Segments: what is written is what is read, and when they are merged."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file

from ragchat.errors import IndexDamaged
from ragchat.index.merging import MOST_CHUNKS, mergeable, merged
from ragchat.index.segment import LEAD, Columns, checksum, halves, open_segment, write_segment
from ragchat.index.segments import Segments
from ragchat.index.view import View
from ragchat.index.words import WIDTH

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_WIDTH = LEAD + 4
_CHUNKS = st.lists(st.lists(st.integers(1, 9), max_size=12), min_size=1, max_size=12)


def _columns(chunks: list[list[int]], first_row: int = 1) -> Columns:
    """Chunks given by their words, three to a document, each next in its document joined to it.

    The term of a word is its number and a hundred; every third is the term of two words.
    """
    numbers = np.arange(len(chunks))
    words, tokens = np.unique([word for chunk in chunks for word in chunk], return_inverse=True)
    return Columns(
        rows=numbers + first_row,
        documents=numbers // 3 + first_row,
        joined=(numbers % 3 < 2).astype(np.uint8),
        heads=np.array([min(1, len(chunk)) for chunk in chunks], np.uint16),
        starts=np.cumsum([0, *map(len, chunks)]).astype(np.int64),
        tokens=tokens.astype(np.uint32),
        words=words.astype(np.uint32),
        stems=np.array([_term(int(word)) for word in words], np.uint32),
        kinds=(words % 4).astype(np.uint8),
        word_vectors=np.repeat(words[:, None], WIDTH, axis=1).astype(np.int8),
    )


def _term(word: int) -> int:
    return 100 + word - (word % 3 == 0)


def _vectors(count: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((count, _WIDTH), np.float32)


def _words(view: View) -> list[list[int]]:
    return [view.words(slot).tolist() for slot in range(len(view))]


@settings(max_examples=40, deadline=None)
@given(chunks=_CHUNKS)
def test_what_is_written_is_read_and_each_term_leads_to_its_chunks(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[list[int]]
) -> None:
    path = tmp_path_factory.mktemp("segment") / "one.safetensors"
    columns, vectors = _columns(chunks), _vectors(len(chunks))
    assert write_segment(path, columns, [halves(vectors[:1]), halves(vectors[1:])]) == checksum(path)
    segment = open_segment(path)
    for name in Columns.__dataclass_fields__:
        assert np.array_equal(getattr(segment, name), getattr(columns, name))
    assert np.array_equal(np.hstack((segment.leads, segment.rests)), vectors)
    view = View([segment], np.empty(0, np.int64))
    assert _words(view) == chunks
    terms = [list(map(_term, chunk)) for chunk in chunks]
    assert view.frequencies(range(100, 110)) == [sum(term in chunk for chunk in terms) for term in range(100, 110)]
    for term in range(100, 110):
        at = np.searchsorted(segment.terms, term)
        if at < len(segment.terms) and segment.terms[at] == term:
            here = slice(segment.term_starts[at], segment.term_starts[at + 1])
            assert dict(zip(segment.postings[here].tolist(), segment.counts[here].tolist(), strict=True)) == {
                number: chunk.count(term) for number, chunk in enumerate(terms) if term in chunk
            }
    assert set(load_file(path)) >= {"rows", "tokens", "leads", "rests"}, "others can read the format"


@settings(max_examples=40, deadline=None)
@given(parts=st.lists(_CHUNKS, min_size=1, max_size=4), choose=st.randoms(use_true_random=False))
def test_merged_segments_are_the_live_chunks_of_all(
    tmp_path_factory: pytest.TempPathFactory, parts: list[list[list[int]]], choose: object
) -> None:
    folder = tmp_path_factory.mktemp("segments")
    segments, first = Segments(folder), 1
    records = []
    for number, chunks in enumerate(parts):
        records.append(segments.write(_columns(chunks, first), [halves(_vectors(len(chunks), number))]))
        first += len(chunks)
    buried = np.array([row for row in range(1, first) if choose.random() < 0.4], np.int64)  # type: ignore[attr-defined]
    opened = segments.open([record.name for record in records])
    before = View(opened, buried)
    columns, vectors = merged(opened, buried)
    live = np.setdiff1d(np.arange(1, first), buried)
    assert columns.rows.tolist() == live.tolist()
    if not len(live):
        return
    after = View(segments.open([segments.write(columns, vectors).name]), np.empty(0, np.int64))
    slots = before.slots(live)
    assert _words(after) == [_words(before)[slot] for slot in slots]
    assert np.array_equal(after.vectors(np.arange(len(live))), before.vectors(slots))
    assert columns.stems.tolist() == [_term(int(word)) for word in columns.words]
    assert columns.kinds.tolist() == [word % 4 for word in columns.words.tolist()]
    assert columns.word_vectors[:, 0].tolist() == columns.words.tolist()
    assert set(columns.words.tolist()) == {word for slot in before.slots(live) for word in _words(before)[slot]}
    for terms in ([101], [102, 104, 107]):
        np.testing.assert_allclose(after.bm25(terms), before.bm25(terms)[slots], rtol=1e-5)
    question = _vectors(1, 99)[0]
    np.testing.assert_allclose(after.similarities(question), before.similarities(question)[slots], rtol=1e-5)


@settings(max_examples=200)
@given(sizes=st.lists(st.integers(1, MOST_CHUNKS), max_size=30), share=st.floats(0, 1))
def test_merging_ends_and_leaves_few_segments_without_much_that_is_buried(sizes: list[int], share: float) -> None:
    buried = [int(size * share) for size in sizes]
    for _ in range(200):
        here = mergeable(sizes, buried)
        if not here:
            break
        live = sum(sizes[index] - buried[index] for index in here)
        assert live <= MOST_CHUNKS
        sizes[here.start : here.stop], buried[here.start : here.stop] = [live][: bool(live)], [0][: bool(live)]
    assert not mergeable(sizes, buried)
    assert all(gone <= size / 4 for size, gone in zip(sizes, buried, strict=True))


@pytest.mark.parametrize("size", [0, 4, 8, 60, 500])
def test_a_file_that_was_cut_is_named_with_the_cure(tmp_path: Path, size: int) -> None:
    path = tmp_path / "mine" / "segments" / "one.safetensors"
    path.parent.mkdir(parents=True)
    write_segment(path, _columns([[1, 2, 3]] * 40), [halves(_vectors(40))])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(IndexDamaged, match=r"one\.safetensors") as raised:
        open_segment(path)
    assert raised.value.hint == "Run `ragchat index repair --collection mine`."


def test_a_segment_is_never_written_over(tmp_path: Path) -> None:
    write_segment(tmp_path / "one.safetensors", _columns([[1]]), [halves(_vectors(1))])
    with pytest.raises(FileExistsError):
        write_segment(tmp_path / "one.safetensors", _columns([[2]]), [halves(_vectors(1))])
