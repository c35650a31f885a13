"""A collection on disk: its name, its embedder, its files, its readers and writers."""

from __future__ import annotations

import hashlib
import shutil
import stat
from threading import Thread
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pytest

from ragchat.errors import IndexBusy, IndexDamaged, NothingIndexed, UsageError
from ragchat.index.collection import Collection, folder_collection
from ragchat.index.lock import writing
from ragchat.index.retriever import Retriever
from ragchat.index.vectors import Vectors
from ragchat.index.verify import verify
from tests.index.doubles import WordEmbedder, child, chunk_ids, finished, vector_ids, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ragchat.index.ingest import IngestReport

    TakeIn: TypeAlias = Callable[..., IngestReport]


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../other", "/etc", "a/b", "a\\b", "-x", ".hidden", "a\n", "a\0", "é", "x" * 64]
)
def test_a_name_that_could_lead_elsewhere_is_refused_and_nothing_is_made(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError) as raised:
        Collection(tmp_path / "home", name)
    assert raised.value.hint
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("name", ["a", "docs-1f", "a..b", "A_b.c", "x" * 63])
def test_an_ordinary_name_is_taken(tmp_path: Path, name: str) -> None:
    assert Collection(tmp_path, name).folder.parent == tmp_path / "collections"


def test_looking_whether_a_collection_exists_makes_nothing(tmp_path: Path) -> None:
    assert not Collection.exists(tmp_path / "home")
    assert not (tmp_path / "home").exists()
    assert Collection(tmp_path / "home").embedder is None
    assert Collection.exists(tmp_path / "home")


def test_only_the_owner_can_read_what_is_kept(collection: Collection, take_in: TakeIn, tmp_path: Path) -> None:
    write(tmp_path / "docs", bread="Bread cools for an hour.")
    take_in(collection, tmp_path / "docs")
    for path in (collection.folder, collection.folder / "vectors", collection.folder / "index.db"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_an_empty_collection_has_nothing_to_ask(collection: Collection) -> None:
    with pytest.raises(NothingIndexed):
        Retriever(collection, WordEmbedder()).search("bread", 3)


def test_a_removed_document_is_found_no_more(collection: Collection, take_in: TakeIn, tmp_path: Path) -> None:
    write(tmp_path / "docs", bread="Bread with saffron.", rice="Rice with saffron.")
    take_in(collection, tmp_path / "docs", embedder=WordEmbedder())
    retriever = Retriever(collection, WordEmbedder())
    assert len(retriever.search("saffron", 5).passages) == 2
    collection.remove([str(tmp_path / "docs" / "bread.md")])
    assert [passage.text for passage in retriever.search("saffron", 5).passages] == ["Rice with saffron."]
    assert vector_ids(collection) == [chunk_ids(collection)]


def test_removing_a_document_also_finishes_what_a_killed_writer_left(
    collection: Collection, take_in: TakeIn, tmp_path: Path
) -> None:
    write(tmp_path / "docs", bread="Bread with saffron.", rice="Rice with saffron.")
    take_in(collection, tmp_path / "docs", embedder=WordEmbedder())
    # As it stands when a writer dies between its documents and their vectors.
    collection.vectors.add(["0" * 32], np.ones((1, 256), np.float32))
    collection.vectors.remove(list(chunk_ids(collection)))
    with collection.manifest.change() as change:
        change.set_property("unsettled", "yes")
    collection.remove([str(tmp_path / "docs" / "bread.md")])
    assert vector_ids(collection) == [chunk_ids(collection)]


def test_who_has_the_vectors_open_writes_upon_what_another_process_wrote(
    collection: Collection, take_in: TakeIn, tmp_path: Path
) -> None:
    write(tmp_path / "docs", bread="Bread with saffron.", rice="Rice with saffron.")
    take_in(collection, tmp_path / "docs")
    assert len(collection.vectors.ids()) == 2
    # More than a thousand, or Chroma would catch up from its log.
    texts = [hashlib.sha256(bytes([number % 256, number // 256])).hexdigest() for number in range(1500)]
    (tmp_path / "docs" / "many.jsonl").write_text("".join(f'{{"text": "{text}"}}\n' for text in texts))
    finished(child("ingest", tmp_path / "home", tmp_path / "docs"))
    collection.remove([str(tmp_path / "docs" / "bread.md")])
    assert verify(collection).ok
    assert vector_ids(collection) == [chunk_ids(collection)]


def test_a_folder_has_a_collection_of_its_own(tmp_path: Path) -> None:
    names = {folder_collection(tmp_path / name) for name in ("a", "b", "a/../a", "b/.")}
    assert len(names) == 2
    for name in names:
        Collection(tmp_path, name)


def test_a_manifest_that_is_no_database_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "collections" / "default"
    folder.mkdir(parents=True)
    (folder / "index.db").write_bytes(b"no database" * 100)
    collection = Collection(tmp_path)
    with pytest.raises(IndexDamaged) as raised:
        collection.manifest.counts()
    assert raised.value.message == f"{folder / 'index.db'} is damaged: file is not a database."
    assert raised.value.hint == "Run `ragchat collection remove default` and ingest again."


def test_vectors_that_cannot_be_opened_are_named_with_the_cure(
    collection: Collection, take_in: TakeIn, tmp_path: Path
) -> None:
    write(tmp_path / "docs", bread="Bread with saffron.")
    take_in(collection, tmp_path / "docs", embedder=WordEmbedder())
    collection.close()
    (collection.folder / "vectors" / "chroma.sqlite3").write_bytes(b"no database" * 1000)
    again = Collection(tmp_path / "home")
    assert Retriever(again, WordEmbedder()).search("bread", 3).passages
    with pytest.raises(IndexDamaged) as raised:
        again.remove([str(tmp_path / "docs" / "bread.md")])
    assert raised.value.hint == "Run `ragchat index repair --collection default`."


@pytest.mark.parametrize("page", [0, 1, 2])
def test_whatever_is_done_with_a_damaged_manifest_it_is_named_with_the_cure(
    take_in: TakeIn, tmp_path: Path, page: int
) -> None:
    write(tmp_path / "docs", bread="Bread with saffron. " * 500)
    collection = Collection(tmp_path / "home")
    take_in(collection, tmp_path / "docs", embedder=WordEmbedder())
    collection.close()
    file = collection.folder / "index.db"
    raw = file.read_bytes()
    file.write_bytes(raw[: page * 4096] + b"\xaa" * (len(raw) - page * 4096))
    damaged = Collection(tmp_path / "home")
    uses: tuple[Callable[[], object], ...] = (
        lambda: any(damaged.manifest.counts()),
        lambda: list(damaged.manifest.documents()),
        lambda: Retriever(damaged, WordEmbedder()).search("saffron", 3),
        lambda: damaged.remove([str(tmp_path / "docs" / "bread.md")]),
        lambda: take_in(damaged, tmp_path / "docs", embedder=WordEmbedder()),
    )
    for use in uses:
        with pytest.raises(IndexDamaged) as raised:
            use()
        assert raised.value.message.startswith(f"{file} is damaged: ")
        assert raised.value.hint == "Run `ragchat collection remove default` and ingest again."
    damaged.erase()
    assert not Collection.exists(tmp_path / "home")


@pytest.mark.parametrize("left", [0, 7, 200])
def test_a_segment_that_is_cut_short_is_named_with_the_cure(take_in: TakeIn, tmp_path: Path, left: int) -> None:
    write(tmp_path / "docs", bread="Bread with saffron.")
    collection = Collection(tmp_path / "home")
    take_in(collection, tmp_path / "docs", embedder=WordEmbedder())
    (segment,) = (collection.folder / "segments").iterdir()
    segment.write_bytes(segment.read_bytes()[:left])
    with pytest.raises(IndexDamaged) as raised:
        Retriever(Collection(tmp_path / "home"), WordEmbedder()).search("saffron", 3)
    assert raised.value.message.startswith(f"{segment} is damaged: ")
    assert raised.value.hint == "Run `ragchat index repair --collection default`."


def test_vectors_that_break_while_they_are_open_are_named_with_the_cure(tmp_path: Path) -> None:
    row = np.ones((1, 8), np.float32)
    uses: dict[str, Callable[[Vectors], object]] = {
        "written": lambda vectors: vectors.add(["b"], row),
        "removed": lambda vectors: vectors.remove(["a"]),
        "cleared": lambda vectors: vectors.clear(),
        "read": lambda vectors: vectors.ids(),
    }
    for done, use in uses.items():
        vectors = Vectors(tmp_path / done / "vectors")
        vectors.add(["a"], row)
        (tmp_path / done / "vectors" / "chroma.sqlite3").write_bytes(b"no database" * 10_000)
        with pytest.raises(IndexDamaged, match=f"cannot be {done}: .*no") as raised:
            use(vectors)
        assert raised.value.hint == f"Run `ragchat index repair --collection {done}`."
        vectors.close()


def test_lost_vectors_are_written_again_by_the_next_ingest(take_in: TakeIn, tmp_path: Path) -> None:
    write(tmp_path / "docs", bread="Bread with saffron.", rice="Rice with aniseed.")
    first = Collection(tmp_path / "home")
    take_in(first, tmp_path / "docs", embedder=WordEmbedder())
    first.close()
    shutil.rmtree(first.folder / "vectors")
    collection = Collection(tmp_path / "home")
    found = Retriever(collection, WordEmbedder()).search("saffron", 1)
    assert [passage.found_by for passage in found.passages] == [("dense", "lexical")]
    report = take_in(collection, tmp_path / "docs" / "bread.md", embedder=WordEmbedder())
    assert len(report.unchanged) == 1
    assert vector_ids(collection) == [chunk_ids(collection)]


def test_vectors_that_a_killed_writer_left_unreadable_are_made_again_by_the_next_ingest(
    take_in: TakeIn, tmp_path: Path
) -> None:
    write(tmp_path / "docs", bread="Bread with saffron.", rice="Rice with aniseed.")
    first = Collection(tmp_path / "home")
    take_in(first, tmp_path / "docs", embedder=WordEmbedder())
    with first.manifest.change() as change:
        change.set_property("unsettled", "yes")
    first.close()
    (first.folder / "vectors" / "chroma.sqlite3").write_bytes(b"no database" * 1000)
    collection = Collection(tmp_path / "home")
    assert len(take_in(collection, tmp_path / "docs", embedder=WordEmbedder()).unchanged) == 2
    assert collection.vectors_folder.name != "vectors"
    assert [path.name for path in collection.folder.glob("vectors*")] == [collection.vectors_folder.name]
    assert vector_ids(collection) == [chunk_ids(collection)]


@pytest.mark.parametrize("made_anew", [False, True])
def test_who_waited_for_a_collection_that_was_removed_is_told_and_writes_nothing(
    collection: Collection, take_in: TakeIn, tmp_path: Path, made_anew: bool
) -> None:
    write(tmp_path / "docs", bread="Bread with saffron.")
    take_in(collection, tmp_path / "docs", embedder=WordEmbedder())
    Collection(tmp_path / "home").erase()
    if made_anew:
        assert Collection(tmp_path / "home").embedder is None
    with pytest.raises(IndexBusy, match=r"^The collection was removed meanwhile\.$"):
        take_in(collection, tmp_path / "docs", embedder=WordEmbedder())
    assert collection.folder.exists() == made_anew
    assert not made_anew or Collection(tmp_path / "home").manifest.counts() == (0, 0)


def test_who_waits_while_the_folder_goes_is_told(tmp_path: Path) -> None:
    waiting: list[str] = []

    def wait() -> None:
        try:
            with writing(tmp_path / "kept"):
                waiting.append("held")
        except IndexBusy as error:
            waiting.append(error.message)

    (tmp_path / "kept").mkdir()
    thread = Thread(target=wait)
    with writing(tmp_path / "kept"):
        thread.start()
        shutil.rmtree(tmp_path / "kept")
    thread.join()
    assert waiting == ["The collection was removed meanwhile."]
