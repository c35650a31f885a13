"""Identity: equal input has equal names, other input others."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ragchat.core.document import Chunk, Document, Section, identity
from ragchat.core.place import Place

DOCUMENT = Document("/a.txt", "Some text.", "a", (Section(0, 10),))
CHUNK = Chunk(DOCUMENT.id, DOCUMENT.source, "Some text.", 0, 10, "a", Place.lines(1, 1))


def test_a_name_is_the_same_on_every_machine() -> None:
    assert identity("a", 1) == "05a9c569a185ac60f5511f9760bc3f1a"


def test_a_document_is_named_by_its_source_and_its_text() -> None:
    assert DOCUMENT.id == replace(DOCUMENT, title="b", sections=(), warnings=("w",)).id
    assert len({DOCUMENT.id, replace(DOCUMENT, source="/b.txt").id, replace(DOCUMENT, text="Other.").id}) == 3


def test_a_chunk_is_named_by_its_document_and_span() -> None:
    assert CHUNK.id == replace(CHUNK, heading="b", place=Place.lines(2, 2)).id
    assert (
        len({CHUNK.id, replace(CHUNK, start=1).id, replace(CHUNK, end=9).id, replace(CHUNK, document_id="x").id})
        == 4
    )


def test_a_chunk_is_searched_with_its_heading() -> None:
    assert CHUNK.searchable == "a\nSome text."
    assert replace(CHUNK, heading="").searchable == "Some text."


@given(st.lists(st.text(st.characters(exclude_characters="\0")), min_size=2, max_size=2, unique=True))
def test_parts_do_not_run_into_each_other(parts: list[str]) -> None:
    first, second = parts
    assert identity(first, second) != identity(second, first)
    assert identity(first + second) != identity(first, second)
