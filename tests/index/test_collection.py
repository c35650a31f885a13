"""A collection on disk: its name, its embedder, its files, its readers and writers."""

from __future__ import annotations

import hashlib
import stat
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pytest

from ragchat.errors import IndexDamaged, NothingIndexed, StorageError, UsageError
from ragchat.index.collection import Collection, folder_collection
from ragchat.index.retriever import Retriever
from tests.index.doubles import WordEmbedder, child, chunk_ids, finished, vector_ids, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ragchat.embeddings.bundled import BundledEmbedder
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
    Collection(tmp_path / "home")
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
    # As it stands when a writer dies between its vectors and its documents.
    collection.manifest.intend(["0" * 32])
    collection.vectors.add(["0" * 32], np.ones((1, 256), np.float32))
    collection.remove([str(tmp_path / "docs" / "bread.md")])
    assert vector_ids(collection) == [chunk_ids(collection)]


def test_who_has_the_vectors_open_writes_upon_what_another_process_wrote(
    collection: Collection, take_in: TakeIn, tmp_path: Path, bundled: BundledEmbedder
) -> None:
    write(tmp_path / "docs", bread="Bread with saffron.", rice="Rice with saffron.")
    take_in(collection, tmp_path / "docs")
    assert len(collection.vectors.nearest(bundled.embed_query("saffron"), 5)) == 2
    # More than a thousand, or Chroma would catch up from its log.
    texts = [hashlib.sha256(bytes([number % 256, number // 256])).hexdigest() for number in range(1500)]
    (tmp_path / "docs" / "many.jsonl").write_text("".join(f'{{"text": "{text}"}}\n' for text in texts))
    finished(child("ingest", tmp_path / "home", tmp_path / "docs"))
    collection.remove([str(tmp_path / "docs" / "bread.md")])
    chunks = collection.manifest.chunks_of(str(tmp_path / "docs" / "many.jsonl"))
    for chunk in chunks[::50]:
        ((nearest, _),) = collection.vectors.nearest(bundled.embed_query(chunk.text), 1)
        assert nearest == chunk.id
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
    with pytest.raises(StorageError) as raised:
        Collection(tmp_path)
    assert str(folder / "index.db") in raised.value.message


def test_vectors_that_cannot_be_opened_are_named_with_the_cure(
    collection: Collection, take_in: TakeIn, tmp_path: Path
) -> None:
    write(tmp_path / "docs", bread="Bread with saffron.")
    take_in(collection, tmp_path / "docs", embedder=WordEmbedder())
    (collection.folder / "vectors" / "chroma.sqlite3").write_bytes(b"no database" * 1000)
    with pytest.raises(IndexDamaged) as raised:
        Retriever(Collection(tmp_path / "home"), WordEmbedder()).search("bread", 3)
    assert str(collection.folder) in raised.value.hint
