"""Spans in what is handed over, with offsets that are known."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from ragchat.bench.context import Stretch, cut, held
from ragchat.core.document import Chunk, Document, Section
from ragchat.core.passage import Passage
from ragchat.core.place import Place
from ragchat.embeddings.bundled import BundledEmbedder
from ragchat.index.collection import Collection
from ragchat.index.prepare import prepare
from ragchat.index.retriever import Retriever
from ragchat.index.writer import Writer
from tests.programs import SAMPLE

if TYPE_CHECKING:
    from pathlib import Path

# 0         10        20        30
TEXT = "Bread cools. Rice is soaked. Tea is pink. "


class Words:
    """Each word is a token."""

    def token_ends(self, text: str) -> list[int]:
        return [match.end() for match in re.finditer(r"\S+", text)]


def _passage(start: int, end: int, *, before: int = 0, after: int = 0, source: str = "a") -> Passage:
    """The chunk `TEXT[start:end]` with so many characters around it."""

    def chunk(start: int, end: int) -> Chunk | None:
        return Chunk("id", source, TEXT[start:end], start, end, "", Place.lines(1, 1)) if start < end else None

    hit = chunk(start, end)
    assert hit
    return Passage(hit, 1, 1.0, ("dense",), chunk(start - before, start), chunk(end, end + after))


def test_a_passage_reaches_as_far_as_its_neighbours() -> None:
    assert Stretch.of(_passage(13, 29, before=13, after=13)) == Stretch("a", 0, 42)


@pytest.mark.parametrize(
    ("span", "inside"),
    [((13, 29), True), ((13, 17), True), ((28, 29), True), ((12, 17), False), ((21, 30), False), ((0, 42), False)],
)
def test_a_span_must_lie_in_a_passage_wholly(span: tuple[int, int], inside: bool) -> None:
    assert held("a", span, [Stretch.of(_passage(13, 29))]) is inside


def test_two_halves_of_a_span_are_no_answer_and_neither_is_another_document() -> None:
    halves = [Stretch.of(_passage(0, 20)), Stretch.of(_passage(20, 42))]
    assert not held("a", (13, 29), halves)
    assert not held("b", (0, 5), halves)
    assert held("a", (0, 5), halves)


def test_what_does_not_fit_is_cut_behind_its_last_whole_token() -> None:
    first, second, third = _passage(29, 42), _passage(0, 13, after=16), _passage(0, 5, source="b")
    # Three words of the first passage; "Bread", "cools." and "Rice" of the second.
    assert list(cut([first, second, third], 6, Words())) == [Stretch("a", 29, 42), Stretch("a", 0, 17)]
    assert list(cut([first, second, third], 3, Words())) == [Stretch("a", 29, 42)]
    assert list(cut([first, second, third], 99, Words()))[1:] == [Stretch("a", 0, 29), Stretch("b", 0, 5)]


@pytest.mark.parametrize(
    "text",
    [
        "Bread cools on a rack. ",
        "  麵包🍞 x\n\n\tindented",
        "",
        "bread " * 5_000,
        "half a character: \udcff",
        "🍞",
    ],
)
def test_the_bundled_tokens_cover_a_text_to_its_end(text: str) -> None:
    ends = BundledEmbedder().token_ends(text)
    assert ends == sorted(ends)
    assert ends[-1:] == ([len(text)] if text else [])


def test_words_and_signs_are_counted_as_the_tokenizer_cuts_them() -> None:
    text = "Bread cools."
    ends = BundledEmbedder().token_ends(text)
    pieces = [text[start:end] for start, end in pairwise([0, *ends])]
    assert pieces == ["B", "read", " co", "ols", "."]


def test_the_stretch_of_a_found_passage_is_its_text_in_the_document(tmp_path: Path) -> None:
    text = (SAMPLE / "guides" / "bread.md").read_text("utf-8")
    collection, embedder = Collection(tmp_path), BundledEmbedder()
    with collection.writing():
        writer = Writer(collection, embedder)
        writer.add(prepare(Document("bread", text, "Bread", (Section(0, len(text)),))))
        writer.finish()
    found = Retriever(collection, embedder).search("How long should a loaf cool?", 20).passages
    assert len(found) > 3
    assert any(passage.before and passage.after for passage in found)
    for passage in found:
        stretch = Stretch.of(passage)
        assert text[stretch.start : stretch.end] == passage.text
    collection.close()
