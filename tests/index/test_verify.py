"""What `verify` finds wrong, and that it finds nothing in a whole index."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from ragchat.errors import IndexDamaged
from ragchat.index.collection import Collection
from ragchat.index.ingest import ingest
from ragchat.index.repair import repair
from ragchat.index.retriever import Retriever
from ragchat.index.verify import verify
from tests.index.contents import assert_same, contents
from tests.index.damages import DAMAGES, remove_chromadb
from tests.index.doubles import write
from tests.index.kills import QUESTIONS, write_notes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ragchat.embeddings.bundled import BundledEmbedder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, bundled: BundledEmbedder) -> Path:
    """An index of more than a thousand chunks, which ChromaDB writes to its graph, with some buried and copies."""
    folder = tmp_path_factory.mktemp("whole")
    write_notes(folder / "docs", 16, paragraphs=80)
    write(folder / "docs", **{f"copy-{number}": "The same few words." for number in range(14)}, blank="!!! ???")
    collection = Collection(folder / "home")
    ingest(collection, bundled, [folder / "docs"], max_bytes=10**7, never=folder / "home")
    (folder / "docs" / "note-3.md").unlink()
    ingest(collection, bundled, [folder / "docs"], max_bytes=10**7, never=folder / "home")
    collection.close()
    return folder / "home"


def test_a_whole_index_is_found_whole_again_and_again(home: Path) -> None:
    for _ in range(3):
        collection = Collection(home)
        found = verify(collection)
        assert found.ok, str(found)[:500]
        assert (found.documents, found.chunks) == collection.manifest.counts()
        assert len(collection.manifest.inventory().buried)
        collection.close()


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_damage_is_found_told_by_searches_or_harmless_to_them_and_mended(
    home: Path, tmp_path: Path, bundled: BundledEmbedder, damage: Callable[[Path], None]
) -> None:
    there = Collection(home)
    expected = contents(there, bundled, QUESTIONS, count=5)
    there.close()
    shutil.copytree(home, tmp_path / "home")
    collection = Collection(tmp_path / "home")
    damage(collection.folder)
    assert not verify(collection).ok
    try:
        Retriever(collection, bundled).search("dish 7 of note 2", 3)
    except IndexDamaged as error:
        assert "ragchat index repair" in error.hint
    collection.close()

    assert not repair(collection, lambda: bundled).ok
    found = verify(collection)
    assert found.ok, str(found)[:500]
    assert_same(contents(collection, bundled, QUESTIONS, count=5), expected)
    collection.close()
    assert verify(Collection(tmp_path / "home")).ok


def test_what_verify_has_found_the_next_ingest_finds_too(
    home: Path, tmp_path: Path, bundled: BundledEmbedder
) -> None:
    shutil.copytree(home, tmp_path / "home")
    collection = Collection(tmp_path / "home")
    remove_chromadb(collection.folder)
    verify(collection)
    ingest(collection, bundled, [home.parent / "docs"], max_bytes=10**7, never=home)
    assert verify(collection).ok
    collection.close()
