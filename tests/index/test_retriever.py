"""What a search finds, and that no query and no other process breaks it."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ragchat.index.collection import Collection
from ragchat.index.ingest import ingest
from ragchat.index.retriever import Retriever
from tests.index.doubles import BrokenEmbedder, WordEmbedder, child, finished, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from ragchat.core.passage import Passage
    from ragchat.embeddings.bundled import BundledEmbedder
    from ragchat.index.ingest import IngestReport

    TakeIn: TypeAlias = Callable[..., IngestReport]

GUIDE = """\
# Loaves

Loaves are patient things.

## Cooling

{cooling}

## Storing

{storing}

```python
def slices(loaf):
    return loaf[1:]
```
"""
COOLING = " ".join(
    f"Loaf {number} cools on rack {number} until the crust of it sings quietly." for number in range(40)
)
STORING = "\n".join(f"Wrap loaf {number} in cloth number {number} and keep it dry." for number in range(40))


@pytest.fixture(scope="module")
def guide(tmp_path_factory: pytest.TempPathFactory, bundled: BundledEmbedder) -> Retriever:
    """A guide of many chunks under few headings, and records that share theirs."""
    folder = tmp_path_factory.mktemp("guide")
    write(folder / "docs", loaves=GUIDE.format(cooling=COOLING, storing=STORING))
    rows = "".join(f'{{"text": "Record {number} speaks of barley.", "type": "Note"}}\n' for number in range(20))
    (folder / "docs" / "records.jsonl").write_text(rows)
    collection = Collection(folder / "home")
    ingest(collection, bundled, [folder / "docs"], max_bytes=10**6, never=folder / "home")
    return Retriever(collection, bundled)


def _spans(passages: tuple[Passage, ...]) -> list[tuple[str, int, int]]:
    return sorted((one.chunk.source, one.parts[0].start, one.parts[-1].end) for one in passages)


@pytest.mark.parametrize(
    "query", ["loaf rack crust", "cloth dry loaf 20", "slices of a loaf", "patient", "barley", "Loaf 7 cools"]
)
def test_passages_are_literal_share_no_text_and_say_their_true_lines(guide: Retriever, query: str) -> None:
    passages = guide.search(query, 50).passages
    assert passages
    assert [passage.rank for passage in passages] == list(range(1, len(passages) + 1))
    assert all(0.0 <= passage.score <= 1.0 for passage in passages)
    assert [passage.score for passage in passages] == sorted((one.score for one in passages), reverse=True)
    spans = _spans(passages)
    assert all(one[0] != two[0] or one[2] <= two[1] for one, two in pairwise(spans))
    for passage in passages:
        if passage.place.kind == "lines":
            lines = Path(passage.chunk.source).read_text().split("\n")
            start, end = passage.place.start, passage.place.end
            assert isinstance(start, int)
            assert isinstance(end, int)
            text = passage.text.strip().split("\n")
            assert len(text) == end - start + 1
            assert all(part.strip() in line for part, line in zip(text, lines[start - 1 : end], strict=True))


def test_neighbours_under_the_same_heading_are_joined_and_no_others(guide: Retriever) -> None:
    best = guide.search("Loaf 20 cools on rack 20", 1).passages[0]
    assert best.before
    assert best.after
    assert best.text in COOLING
    first = guide.search("loaves are patient things", 1).passages[0]
    assert "Cooling" not in first.text
    code = guide.search("def slices return loaf", 1).passages[0]
    assert "rack" not in code.text


def test_records_are_never_joined(guide: Retriever) -> None:
    passages = guide.search("record of barley", 20).passages
    assert len(passages) == 20
    for passage in passages:
        assert re.fullmatch(r"Record \d+ speaks of barley\.", passage.text)
        assert passage.place.line == passage.place.start == passage.place.end


def test_as_many_passages_as_asked_for_come_when_there_are_as_many(
    collection: Collection, take_in: TakeIn, tmp_path: Path, bundled: BundledEmbedder
) -> None:
    text = "\n\n".join(
        f"Rice number {number} is rinsed. " + "It waits for the water. " * 12 for number in range(250)
    )
    write(tmp_path / "docs", rice=text)
    take_in(collection, tmp_path / "docs")
    retriever = Retriever(collection, bundled)
    assert [len(retriever.search("rice water", count).passages) for count in (1, 6, 50)] == [1, 6, 50]


@pytest.mark.parametrize(
    "query",
    [
        '"', '"loaf', "loaf AND", "OR", "NOT loaf", "NEAR(loaf rack, 2)", "loaf*", "-loaf", "terms:loaf", "^loaf",
        "(loaf", "loaf)", "{loaf}", "loaf + rack", "'; DROP TABLE words; --", "\\", "%", "\0", "loaf\0rack",
        "\ud800", "loaf \udcff rack", "🍞", "", "\n", " \n\t", "the of and", "?!", "ﬁ", "İ", "𝔏𝔬𝔞𝔣", "麵包", "خبز",
    ],
)  # fmt: skip
def test_no_query_is_a_command(guide: Retriever, query: str) -> None:
    found = guide.search(query, 6)
    assert ("loaf" in query.lower()) <= bool(found.passages)
    assert not found.notices


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(max_size=60))
def test_any_text_can_be_searched_for(guide: Retriever, query: str) -> None:
    assert len(guide.search(query, 3).passages) <= 3


def test_a_megabyte_can_be_searched_for(guide: Retriever) -> None:
    assert guide.search("Where do I keep the loaf? " * 40_000, 6).passages


@pytest.mark.parametrize("query", ["", "🙂🙂", "zqxj vwkp", "???"])
def test_what_matches_nothing_finds_nothing(guide: Retriever, query: str) -> None:
    assert guide.search(query, 6).passages == ()


def test_each_passage_tells_what_both_searches_said_of_it(guide: Retriever) -> None:
    found = guide.search("Loaf 7 cools on a rack", 8)
    scores = [passage.scores for passage in found.passages if passage.scores]
    assert len(scores) == len(found.passages)
    for passage, one in zip(found.passages, scores, strict=True):
        assert passage.found_by == (
            *(("dense",) if one.dense_rank else ()),
            *(("lexical",) if one.lexical_rank else ()),
        )
        assert one.dense is not None
        assert -1.0 <= one.dense <= 1.0
        assert (one.lexical > 0) >= bool(one.lexical_rank)
        assert 0.0 <= one.fused <= 1.0
    by_words = sorted((one for one in scores if one.lexical_rank), key=lambda one: one.lexical_rank or 0)
    assert [one.lexical for one in by_words] == sorted((one.lexical for one in by_words), reverse=True)
    by_meaning = sorted((one for one in scores if one.dense_rank), key=lambda one: one.dense_rank or 0)
    assert [one.dense for one in by_meaning] == sorted((one.dense or 0.0 for one in by_meaning), reverse=True)


def test_what_is_joined_to_a_passage_and_what_came_after_the_last_is_told(guide: Retriever) -> None:
    found = guide.search("Loaf 20 cools on rack 20", 2)
    search, dropped = found.search, found.search.dropped
    assert search.found >= search.looked >= len(found.passages) + len(dropped)
    assert {one.why for one in dropped} == {"joined", "below"}
    assert [one.score for one in dropped] == sorted((one.score for one in dropped), reverse=True)
    for one in dropped:
        if one.into is None:
            assert one.why == "below"
            assert one.score <= found.passages[-1].score
        else:
            assert one.place in [part.place for part in found.passages[one.into - 1].parts]
    whole = guide.search("Loaf 20 cools on rack 20", 50).search
    assert not [one for one in whole.dropped if one.why == "below"]


def test_a_copy_is_told_with_the_passage_that_says_the_same(
    collection: Collection, take_in: TakeIn, tmp_path: Path, bundled: BundledEmbedder
) -> None:
    text = "Saffron keeps its colour in a dark tin with a tight lid, far from the stove."
    write(tmp_path / "docs", one=text, two=text, three="Rice is rinsed three times.")
    take_in(collection, tmp_path / "docs")
    found = Retriever(collection, bundled).search("Where does saffron keep its colour?", 3)
    copies = [one for one in found.search.dropped if one.why == "copy"]
    assert [one.into for one in copies] == [1]
    assert {copies[0].source, found.passages[0].chunk.source} == {
        str(tmp_path / "docs" / name) for name in ("one.md", "two.md")
    }


@pytest.mark.parametrize("count", [1, 6, 50])
def test_what_is_told_of_the_dropped_is_bounded(guide: Retriever, count: int) -> None:
    assert len(guide.search("Loaf 7 cools on a rack", count).search.dropped) <= count + 9


def test_the_same_search_finds_the_same(guide: Retriever) -> None:
    assert guide.search("crust of the loaf", 10) == guide.search("crust of the loaf", 10)


def test_without_its_embedder_a_search_goes_by_words_and_says_so(
    collection: Collection, take_in: TakeIn, tmp_path: Path
) -> None:
    write(tmp_path / "docs", bread="Bread with saffron.", rice="Rice with aniseed.")
    take_in(collection, tmp_path / "docs", embedder=WordEmbedder())
    found = Retriever(collection, BrokenEmbedder()).search("saffron", 3)
    assert [(passage.text, passage.found_by) for passage in found.passages] == [
        ("Bread with saffron.", ("lexical",))
    ]
    assert found.notices == ("The embedder is away. The search went by words alone.",)
    scores = found.passages[0].scores
    assert scores
    assert (scores.dense, scores.dense_rank, scores.lexical_rank) == (None, None, 1)


def test_what_another_process_ingests_and_removes_is_seen_by_the_next_search(
    collection: Collection, take_in: TakeIn, tmp_path: Path, bundled: BundledEmbedder
) -> None:
    docs = tmp_path / "docs"
    write(docs, bread="Bread with saffron.")
    take_in(collection, docs)
    retriever = Retriever(collection, bundled)
    assert [one.text for one in retriever.search("saffron", 5).passages] == ["Bread with saffron."]
    write(docs, rice="Rice with saffron.")
    finished(child("ingest", tmp_path / "home", docs))
    found = {one.text: one.found_by for one in retriever.search("saffron", 5).passages}
    assert found == dict.fromkeys(["Bread with saffron.", "Rice with saffron."], ("dense", "lexical"))
    finished(child("remove", tmp_path / "home", docs / "bread.md"))
    assert [one.text for one in retriever.search("saffron", 5).passages] == ["Rice with saffron."]


def test_a_search_beside_a_writer_never_mixes_two_versions(
    collection: Collection, take_in: TakeIn, tmp_path: Path, bundled: BundledEmbedder
) -> None:
    docs = tmp_path / "docs"
    write(docs, **dict.fromkeys("abcdef", "Rice, the first."))
    take_in(collection, docs)
    retriever = Retriever(collection, bundled)
    process = child("rewrite", tmp_path / "home", docs, 30)
    while process.poll() is None:
        for passage in retriever.search("rice version", 6).passages:
            name = Path(passage.chunk.source).stem
            versions = set(re.findall(r"version (\d+) of (\w)", passage.text))
            assert {who for _, who in versions} <= {name}
            assert len(versions) <= 1
    finished(process)
    texts = [passage.text for passage in retriever.search("rice version", 6).passages]
    assert len(texts) == 6
    assert all("version 29" in text for text in texts)


def test_opening_again_and_again_holds_no_more_files_than_once(
    collection: Collection, take_in: TakeIn, tmp_path: Path
) -> None:
    write(tmp_path / "docs", bread="Bread with saffron.")
    take_in(collection, tmp_path / "docs", embedder=WordEmbedder())
    assert collection.vectors.ids()
    held = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        collection.close_vectors()
        assert collection.vectors.ids()
    assert len(list(Path("/proc/self/fd").iterdir())) < held + 10


def test_a_file_without_one_word_stops_no_question(
    collection: Collection, take_in: TakeIn, tmp_path: Path
) -> None:
    write(tmp_path / "docs", **{f"note{number}": f"Bread with saffron, number {number}." for number in range(6)})
    take_in(collection, tmp_path / "docs", embedder=WordEmbedder())
    write(tmp_path / "docs", signs="**** ++++ ****")
    take_in(collection, tmp_path / "docs", embedder=WordEmbedder())
    found = Retriever(collection, WordEmbedder()).search("bread", 10)
    assert len(found.passages) >= 6
