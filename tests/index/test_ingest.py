"""What an ingest does to the index, and what it says it did."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ragchat.embeddings.bundled import BundledEmbedder
from ragchat.errors import EmbedderError, EmbedderMismatch, UsageError
from ragchat.index.collection import Collection
from ragchat.index.ingest import IngestReport, ingest
from ragchat.index.recipe import RECIPE
from ragchat.index.retriever import Retriever
from ragchat.language.terms import terms
from tests.index.doubles import WordEmbedder, chunk_ids, held_ids, outcomes, vector_ids, write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

TakeIn: TypeAlias = "Callable[..., IngestReport]"


def test_every_file_stands_in_one_list_and_no_bad_one_stops_the_others(
    collection: Collection, take_in: TakeIn, tmp_path: Path
) -> None:
    docs = tmp_path / "docs"
    write(docs, first="Bread cools for an hour.", zebra="Rice needs no salt.")
    (docs / "broken.json").write_text('{"a": ')
    (docs / "half.jsonl").write_text('{"text": "\\ud800 is half a character"}')
    (docs / "number.json").write_text(f'{{"a": {"9" * 5000}}}')
    (docs / os.fsdecode(b"caf\xe9.txt")).write_text("A name from another time.")
    (docs / "empty.txt").touch()
    (docs / "picture.dat").write_bytes(b"\x89PNG\0\0")
    (docs / ".hidden").write_text("hidden")
    (docs / "large.txt").write_text("word " * 50_000)
    report = take_in(collection, docs)
    assert {Path(source).name: what for source, what in outcomes(report).items()} == {
        "first.md": "added",
        "zebra.md": "added",
        "broken.json": "failed",
        "half.jsonl": "added",
        "number.json": "added",
        os.fsdecode(b"caf\xe9.txt"): "failed",
        "empty.txt": "skipped",
        "picture.dat": "skipped",
        ".hidden": "skipped",
        "large.txt": "skipped",
    }
    assert all(reason for _, reason in (*report.failed, *report.skipped))
    assert {record.source for record in collection.manifest.documents()} == set(report.added)
    assert report.chunks == len(chunk_ids(collection)) > 4


def test_a_second_run_finds_everything_unchanged(collection: Collection, take_in: TakeIn, tmp_path: Path) -> None:
    write(tmp_path / "docs", bread="Bread cools for an hour.", rice="Rice needs no salt.")
    take_in(collection, tmp_path / "docs")
    before = chunk_ids(collection)
    report = take_in(collection, tmp_path / "docs")
    assert set(outcomes(report).values()) == {"unchanged"}
    assert report.chunks == 0
    assert chunk_ids(collection) == before


def test_a_touched_file_is_unchanged_and_its_new_time_is_remembered(
    collection: Collection, take_in: TakeIn, tmp_path: Path
) -> None:
    write(tmp_path / "docs", bread="Bread cools for an hour.")
    take_in(collection, tmp_path / "docs")
    os.utime(tmp_path / "docs" / "bread.md", ns=(5, 5))
    assert set(outcomes(take_in(collection, tmp_path / "docs")).values()) == {"unchanged"}
    changed = (tmp_path / "docs" / "bread.md").stat().st_ctime_ns
    assert [record.modified for record in collection.manifest.documents()] == [changed]


def test_two_files_alike_in_size_and_time_that_change_places_are_read_again(
    collection: Collection, take_in: TakeIn, tmp_path: Path
) -> None:
    docs = tmp_path / "docs"
    write(docs, bread="Bread cools for an hour.", rice="Rices cool for an hour.")
    for path in docs.iterdir():
        os.utime(path, ns=(5, 5))
    take_in(collection, docs)
    (docs / "bread.md").rename(docs / "x.md")
    (docs / "rice.md").rename(docs / "bread.md")
    (docs / "x.md").rename(docs / "rice.md")
    assert set(outcomes(take_in(collection, docs)).values()) == {"changed"}
    assert "Rice" in collection.manifest.chunks_of(str(docs / "bread.md"))[0].text


def test_an_edited_file_leaves_nothing_stale(collection: Collection, take_in: TakeIn, tmp_path: Path) -> None:
    write(tmp_path / "docs", bread="Bread is made with saffron.", rice="Rice needs no salt.")
    take_in(collection, tmp_path / "docs")
    write(tmp_path / "docs", bread="Bread is made with aniseed, and nothing else.")
    report = take_in(collection, tmp_path / "docs")
    assert [Path(source).name for source in report.changed] == ["bread.md"]
    assert [Path(source).name for source in report.unchanged] == ["rice.md"]
    chunks = collection.manifest.chunks_of(report.changed[0])
    assert "".join(chunk.text for chunk in chunks) == "Bread is made with aniseed, and nothing else."
    saffron = collection.manifest.term_ids(terms("saffron"))
    assert not collection.view().bm25(list(saffron.values())).any()
    assert vector_ids(collection) == [chunk_ids(collection)]
    assert len(chunk_ids(collection)) == 2


def test_a_deleted_file_leaves_and_files_elsewhere_stay(
    collection: Collection, take_in: TakeIn, tmp_path: Path
) -> None:
    write(tmp_path / "docs", bread="Bread is made with saffron.", rice="Rice needs no salt.")
    write(tmp_path / "docs-2", tea="Tea is steeped with saffron.")
    take_in(collection, tmp_path / "docs", tmp_path / "docs-2")
    (tmp_path / "docs" / "bread.md").unlink()
    (tmp_path / "docs-2" / "tea.md").unlink()
    report = take_in(collection, tmp_path / "docs")
    assert [Path(source).name for source in report.removed] == ["bread.md"]
    assert [record.title for record in collection.manifest.documents()] == ["tea", "rice"]
    assert vector_ids(collection) == [chunk_ids(collection)]


@pytest.mark.parametrize("named", ["docs", "docs/bread.md"])
def test_a_file_that_is_skipped_now_is_no_longer_found(
    collection: Collection, take_in: TakeIn, tmp_path: Path, named: str
) -> None:
    write(tmp_path / "docs", bread="Bread is made with saffron.")
    take_in(collection, tmp_path / named)
    (tmp_path / "docs" / "bread.md").write_text("")
    assert list(outcomes(take_in(collection, tmp_path / named)).values()) == ["skipped"]
    assert not chunk_ids(collection)
    assert vector_ids(collection) == [set()]


def test_a_file_that_cannot_be_read_now_keeps_its_place(
    collection: Collection, take_in: TakeIn, tmp_path: Path, bundled: BundledEmbedder
) -> None:
    (tmp_path / "note.json").write_text('{"dish": "Rice with saffron"}')
    take_in(collection, tmp_path / "note.json")
    (tmp_path / "note.json").write_text('{"dish": ')
    assert list(outcomes(take_in(collection, tmp_path / "note.json")).values()) == ["failed"]
    (found,) = Retriever(collection, bundled).search("saffron", 3).passages
    assert "Rice with saffron" in found.text


def test_the_same_input_has_the_same_ids_in_every_home(take_in: TakeIn, tmp_path: Path) -> None:
    write(tmp_path / "docs", bread="# Bread\n\n" + "It cools. " * 200, rice="Rice needs no salt.")
    homes = [Collection(tmp_path / name) for name in ("one", "two")]
    take_in(homes[0], tmp_path / "docs")
    take_in(homes[1], tmp_path / "docs" / "rice.md", embedder=WordEmbedder())
    take_in(homes[1], tmp_path / "docs", embedder=WordEmbedder())
    assert chunk_ids(homes[0]) == chunk_ids(homes[1])
    assert vector_ids(*homes) == [chunk_ids(homes[0])] * 2


def test_another_embedder_is_refused_with_the_cure(
    collection: Collection, take_in: TakeIn, tmp_path: Path
) -> None:
    write(tmp_path / "docs", bread="Bread cools for an hour.")
    take_in(collection, tmp_path / "docs")
    with pytest.raises(EmbedderMismatch) as raised:
        take_in(collection, tmp_path / "docs", embedder=WordEmbedder())
    assert BundledEmbedder().fingerprint in raised.value.message
    assert "test/words-256" in raised.value.message
    assert "ragchat index rebuild --embed-only" in raised.value.hint
    with pytest.raises(EmbedderMismatch):
        Retriever(collection, WordEmbedder()).search("bread", 3)


def test_an_emptied_collection_takes_an_embedder_of_another_width(
    collection: Collection, take_in: TakeIn, tmp_path: Path
) -> None:
    write(tmp_path / "docs", bread="Bread cools for an hour.")
    take_in(collection, tmp_path / "docs", embedder=WordEmbedder(width=256))
    (tmp_path / "docs" / "bread.md").unlink()
    take_in(collection, tmp_path / "docs", embedder=WordEmbedder(width=256))
    write(tmp_path / "docs", rice="Rice needs no salt.")
    narrow = WordEmbedder(width=16)
    take_in(collection, tmp_path / "docs", embedder=narrow)
    assert collection.embedder == narrow.fingerprint
    assert [passage.found_by for passage in Retriever(collection, narrow).search("rice", 1).passages] == [
        ("dense", "lexical")
    ]
    assert vector_ids(collection) == [chunk_ids(collection)]


def test_what_was_written_before_the_embedder_failed_stays_and_the_lock_is_free(
    collection: Collection, take_in: TakeIn, tmp_path: Path
) -> None:
    class Failing(WordEmbedder):
        def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
            if any("poison" in text for text in texts):
                raise EmbedderError("It cannot be embedded.")
            return super().embed_documents(texts)

    write(tmp_path / "docs", a="A good sentence stands here. " * 10_000, b="poison")
    with pytest.raises(EmbedderError):
        ingest(collection, Failing(), [tmp_path / "docs"], max_bytes=10**6, never=tmp_path / "home")
    assert [record.title for record in collection.manifest.documents()] == ["a"]
    write(tmp_path / "docs", b="cured")
    assert sorted(outcomes(take_in(collection, tmp_path / "docs", embedder=Failing())).values()) == [
        "added",
        "skipped",
    ]


def test_progress_names_the_next_file_and_ends_with_all_done(
    collection: Collection, bundled: BundledEmbedder, tmp_path: Path
) -> None:
    write(tmp_path / "docs", a="One.", b="Two.")
    told: list[tuple[int, int, str]] = []
    ingest(
        collection,
        bundled,
        [tmp_path / "docs"],
        max_bytes=1000,
        never=tmp_path / "home",
        progress=lambda done, total, current: told.append((done, total, current)),
    )
    docs = tmp_path / "docs"
    assert told == [(0, 2, f"{docs}/a.md"), (1, 2, f"{docs}/b.md"), (2, 2, "")]


def test_a_path_that_is_not_there_changes_nothing(collection: Collection, take_in: TakeIn, tmp_path: Path) -> None:
    write(tmp_path / "docs", a="One good sentence.")
    take_in(collection, tmp_path / "docs")
    with pytest.raises(UsageError):
        take_in(collection, tmp_path / "docs", tmp_path / "nowhere")
    assert len(chunk_ids(collection)) == 1


OPERATIONS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["Bread.", "Rice is white. " * 90, "{broken", "", None])),
    max_size=5,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=st.lists(OPERATIONS, min_size=1, max_size=4))
def test_after_any_changes_the_index_holds_what_the_disk_holds(
    rounds: list[list[tuple[str, str | None]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("any")
    docs, collection = folder / "docs", Collection(folder / "home")
    docs.mkdir()
    for operations in rounds:
        for name, text in operations:
            path = docs / (f"{name}.json" if text == "{broken" else f"{name}.txt")
            path.unlink(missing_ok=True) if text is None else path.write_text(text)
        report = ingest(collection, WordEmbedder(), [docs], max_bytes=10**6, never=folder / "home")
        there = {str(path) for path in docs.iterdir()}
        told = outcomes(report)
        assert {source for source, what in told.items() if what != "removed"} == there
        indexed = {source for source, what in told.items() if what in ("added", "changed", "unchanged")}
        records = collection.manifest.documents()
        assert {record.source for record in records} == indexed
        assert all(
            "".join(chunk.text for chunk in collection.manifest.chunks_of(source)) == Path(source).read_text()
            for source in indexed
        )
        assert held_ids(collection) == chunk_ids(collection)
    collection.close()


def test_what_an_older_recipe_made_is_made_again(collection: Collection, take_in: TakeIn, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    write(docs, bread="Bread cools for an hour.")
    take_in(collection, docs)
    before = chunk_ids(collection)
    collection.manifest.connection.execute("UPDATE documents SET recipe = 'older'")
    take_in(collection, docs)
    assert collection.manifest.recipes() == [RECIPE]
    assert chunk_ids(collection) == before == held_ids(collection)
