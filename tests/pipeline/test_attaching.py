"""A text handed over with a question: whole where it is short, its nearest pieces where it is long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragchat.core.passage import Search
from ragchat.embeddings.bundled import BundledEmbedder
from ragchat.index.retriever import SearchResult
from ragchat.pipeline.attaching import Attaching, attach
from tests.pipeline.passages import passage

if TYPE_CHECKING:
    from ragchat.core.passage import Passage
    from ragchat.core.protocols import Embedder

LINES = [f"Request {number} was answered by worker {number % 5} without a word." for number in range(400)]


def _unneeded() -> Embedder:
    raise AssertionError("a short text is read whole")


@dataclass
class Found:
    """A search that finds what it was given."""

    passages: tuple[Passage, ...]

    def search(self, question: str, count: int) -> SearchResult:
        search = Search(f"{question} reworded")
        return SearchResult(self.passages[:count], search, ("Reworded.",), distant=True)


def test_a_short_text_is_read_whole_and_as_it_is() -> None:
    text = "\n\nFirst.\n\n  Second.\n"
    attachment = attach(text, "Which?", 15, _unneeded)
    assert "".join(one.text for one in attachment.passages) == text.lstrip()
    assert attachment.passages[0].place.suffix() == ":3-5"
    assert attachment.pieces == len(attachment.passages) == 1


def test_of_a_long_text_the_nearest_pieces_come_in_its_own_order() -> None:
    lines = [*LINES]
    lines[250] = "The disk sda1 is full, so nothing more can be written."
    attachment = attach("\n".join(lines), "Which disk is full?", 4, BundledEmbedder)
    assert len(attachment.passages) == 4 < attachment.pieces
    assert any(lines[250] in one.text for one in attachment.passages)
    starts = [one.chunk.start for one in attachment.passages]
    assert starts == sorted(starts)
    assert [one.rank for one in attachment.passages] == [1, 2, 3, 4]
    assert all(0 <= one.score <= 1 for one in attachment.passages)


def test_a_question_of_no_known_word_still_reads_something() -> None:
    assert len(attach("\n".join(LINES), "?!", 3, BundledEmbedder).passages) == 3


def test_attached_passages_come_first_and_the_question_stays_as_it_was_asked() -> None:
    attachment = attach("First.", "Which?", 3, _unneeded)
    found = Found((passage("Second."), passage("Third.", source="/docs/b.md")))
    result = Attaching(found, attachment).search("Which?", 1)
    assert [(one.rank, one.text) for one in result.passages] == [(1, "First."), (2, "Second.")]
    assert (result.search.question, result.notices, result.distant) == ("Which?", ("Reworded.",), False)
