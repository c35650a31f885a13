"""An index is whole, or the finding says what it lacks."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ragchat.conversation.store import open_conversations
from ragchat.errors import IndexDamaged
from ragchat.index.collection import Collection
from ragchat.index.ingest import ingest
from ragchat.index.lock import writing
from ragchat.index.repair import repair
from ragchat.index.vectors import Vectors
from ragchat.storage.database import open_database
from ragchat.upkeep.checks.stores import check_conversations, check_index, check_ledger
from tests.index.doubles import WordEmbedder, write

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path


@pytest.fixture
def collection(tmp_path: Path) -> Collection:
    """Two documents, a chunk each."""
    collection = Collection(tmp_path / "home")
    write(tmp_path / "docs", bread="Let the loaf cool.", tea="Noon chai is pink.")
    ingest(collection, WordEmbedder(), [tmp_path / "docs"], max_bytes=10_000, never=tmp_path / "home")
    return collection


def _again(collection: Collection) -> Collection:
    """The same one, as another process opens it."""
    return Collection(collection.folder.parents[1])


def _repair(collection: Collection) -> str:
    return f"Run `ragchat index repair --collection {collection.name}`."


def test_a_whole_index_is_counted(collection: Collection) -> None:
    finding = check_index(collection, "auto")
    assert finding.state == "ok"
    assert finding.message == (
        "The collection default holds 2 documents and 2 chunks, with words and a vector for each; "
        "it is generation 3."
    )


def test_a_vector_too_few_is_a_problem_that_a_repair_cures(collection: Collection) -> None:
    collection.vectors.remove([collection.manifest.chunks_of(collection.manifest.documents()[0].source)[0].id])
    finding = check_index(collection, "auto")
    assert finding.state == "problem"
    assert finding.message.endswith("2 chunks, but the words of 2 and 1 vector.")
    assert finding.cure == _repair(collection)
    again = _again(collection)
    repair(again, WordEmbedder)
    assert check_index(again, "auto").state == "ok"


def test_a_vector_too_many_is_a_problem(collection: Collection) -> None:
    collection.vectors.add(["stray"], np.ones((1, 256), np.float32))
    assert check_index(collection, "auto").message.endswith("but the words of 2 and 3 vectors.")


@pytest.mark.parametrize("size", [None, 100])
def test_a_segment_that_is_gone_or_cut_short_is_a_problem(collection: Collection, size: int | None) -> None:
    (segment,) = (collection.folder / "segments").iterdir()
    if size is None:
        segment.unlink()
    else:
        os.truncate(segment, size)
    finding = check_index(_again(collection), "auto")
    assert (finding.state, finding.cure) == ("problem", _repair(collection))
    assert finding.message.startswith(str(segment))


def test_chromadbs_folder_that_is_gone_is_a_problem(collection: Collection) -> None:
    collection.close()
    shutil.rmtree(collection.folder / "vectors")
    finding = check_index(_again(collection), "auto")
    assert (finding.state, finding.cure) == ("problem", _repair(collection))


def test_what_a_stopped_writer_left_is_a_warning(collection: Collection) -> None:
    with collection.manifest.change() as change:
        change.drop([collection.manifest.documents()[0].source])
    finding = check_index(_again(collection), "auto")
    assert finding.state == "warning"
    assert "stopped" in finding.message
    assert "ragchat ingest" in finding.cure


def test_what_an_older_release_made_is_a_problem(collection: Collection) -> None:
    with collection.manifest.change() as change:
        change.set_property("outdated", "yes")
    finding = check_index(_again(collection), "auto")
    assert finding.state == "problem"
    assert "ragchat index rebuild" in finding.cure


def test_while_another_writes_nothing_is_compared(collection: Collection) -> None:
    with writing(collection.folder):
        finding = check_index(collection, "auto")
    assert finding.state == "warning"
    assert "writing to this collection" in finding.message


def test_another_embedder_than_the_collections_is_a_problem(collection: Collection) -> None:
    assert "ollama is asked for" in check_index(collection, "ollama").message
    assert check_index(_again(collection), "test").state == "ok"


def test_an_empty_collection_is_a_warning(tmp_path: Path) -> None:
    finding = check_index(Collection(tmp_path / "home", "new"), "ollama")
    assert (finding.state, finding.message) == ("warning", "The collection new is empty.")


def test_pages_that_were_overwritten_are_found(collection: Collection) -> None:
    collection.close()
    file = collection.folder / "index.db"
    raw = bytearray(file.read_bytes())
    raw[8192:] = b"\xaa" * (len(raw) - 8192)
    file.write_bytes(raw)
    finding = check_index(_again(collection), "auto")
    assert finding.state == "problem"
    assert finding.message.startswith(f"{file} is damaged: ")
    assert finding.cure == "Run `ragchat collection remove default` and ingest again."


def test_vectors_whose_file_is_gone_do_not_count(tmp_path: Path) -> None:
    vectors = Vectors(tmp_path / "vectors")
    # So many that ChromaDB has moved them from its log to the file.
    rows = np.random.default_rng(0).normal(size=(2_500, 8)).astype(np.float32)
    for start in range(0, len(rows), 500):
        vectors.add([f"c{row}" for row in range(start, start + 500)], rows[start : start + 500])
    assert len(vectors.ids()) == len(rows)
    vectors.close()
    for folder in (tmp_path / "vectors").glob("*-*-*"):
        shutil.rmtree(folder)
    reopened = Vectors(tmp_path / "vectors")
    with pytest.raises(IndexDamaged, match="cannot be read"):
        reopened.ids()
    reopened.close()


def _ledger(file: Path) -> sqlite3.Connection:
    return open_database(file, ("CREATE TABLE attempts (provider TEXT);\nCREATE INDEX at ON attempts (provider)",))


def test_a_ledger_is_not_made_by_being_looked_at(tmp_path: Path) -> None:
    assert check_ledger(tmp_path / "state.db", _ledger).state == "ok"
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_is_whole_or_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    connection = _ledger(file)
    connection.executemany("INSERT INTO attempts VALUES (?)", [(f"provider {row}",) for row in range(1000)])
    connection.close()
    assert check_ledger(file, _ledger).state == "ok"
    raw = bytearray(file.read_bytes())
    raw[8192:] = b"\xaa" * (len(raw) - 8192)
    file.write_bytes(raw)
    damaged = check_ledger(file, _ledger)
    assert damaged.state == "problem"
    assert "Move it away" in damaged.cure
    file.write_bytes(b"no database at all, but long enough to be read as the header of one" * 20)
    assert "not a database" in check_ledger(file, _ledger).message


def test_conversations_are_not_made_by_being_looked_at(tmp_path: Path) -> None:
    assert check_conversations(tmp_path).message == "No conversation is kept yet."
    assert list(tmp_path.iterdir()) == []


def test_conversations_are_whole_with_a_key_that_is_private_or_a_finding(tmp_path: Path) -> None:
    open_conversations(tmp_path).close()
    assert check_conversations(tmp_path).message == "The conversations are whole, and not encrypted."
    open_conversations(tmp_path, "file").close()
    assert check_conversations(tmp_path).state == "ok"
    key = tmp_path / "conversations.key"
    key.chmod(0o644)
    open_to_others = check_conversations(tmp_path)
    assert (open_to_others.state, open_to_others.cure) == ("warning", f"Run `chmod 600 {key}`.")
    key.unlink()
    gone = check_conversations(tmp_path)
    assert gone.state == "problem"
    assert str(key) in gone.message
    (tmp_path / "conversations.db").write_bytes(b"no database at all " * 100)
    assert check_conversations(tmp_path).state == "problem"


def test_a_passphrase_is_not_asked_for_by_looking(tmp_path: Path) -> None:
    open_conversations(tmp_path, "passphrase", lambda _new: "open sesame").close()
    assert check_conversations(tmp_path).message == "The conversations are whole, and encrypted by a passphrase."
