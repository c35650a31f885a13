"""Killed at each border of a transaction, an ingest has done each document wholly or not at all."""

from __future__ import annotations

import shutil
import signal
from itertools import count
from typing import TYPE_CHECKING

from ragchat.embeddings.bundled import BundledEmbedder
from ragchat.index.collection import Collection
from ragchat.index.ingest import ingest
from ragchat.index.retriever import Retriever
from tests.index.doubles import child, chunk_ids, outcomes, vector_ids, write

if TYPE_CHECKING:
    from pathlib import Path

    from ragchat.index.ingest import IngestReport


def _ingest(collection: Collection, docs: Path) -> IngestReport:
    return ingest(collection, BundledEmbedder(), [docs], max_bytes=10**6, never=collection.folder)


def _texts(collection: Collection) -> dict[str, str]:
    manifest = collection.manifest
    return {
        record.title: "".join(chunk.text for chunk in manifest.chunks_of(record.source))
        for record in manifest.documents()
    }


def test_a_killed_ingest_is_whole_and_the_next_one_finishes_it(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    old = {"bread": "Bread is old. " * 90, "rice": "Rice is old. " * 90, "tea": "Tea is old."}
    write(docs, **old)
    before = Collection(tmp_path / "before")
    _ingest(before, docs)
    before.close()
    new = {"bread": "Bread is new. " * 120, "rice": old["rice"], "soup": "Soup is new. " * 90}
    write(docs, bread=new["bread"], soup=new["soup"])
    (docs / "tea.md").unlink()
    fresh = Collection(tmp_path / "fresh")
    _ingest(fresh, docs)

    mended: list[Collection] = []
    for border in count(1):
        home = tmp_path / f"killed-{border}"
        shutil.copytree(tmp_path / "before", home)
        process = child("ingest", home, docs, border)
        process.communicate(timeout=120)
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL
        collection = Collection(home)
        for title, text in _texts(collection).items():
            assert text in (old.get(title), new.get(title))
        found = Retriever(collection, BundledEmbedder()).search("rice", 1).passages[0]
        assert found.text in old["rice"]
        report = _ingest(collection, docs)
        assert not report.failed
        assert set(outcomes(_ingest(collection, docs)).values()) == {"unchanged"}
        assert _texts(collection) == new
        assert chunk_ids(collection) == chunk_ids(fresh)
        collection.vectors.close()
        mended.append(collection)
    assert len(mended) >= 8
    assert vector_ids(*mended) == [chunk_ids(fresh)] * len(mended)


def test_what_a_killed_ingest_wrote_goes_when_its_file_has_changed_since(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    mended: list[Collection] = []
    for border in range(4, 11):
        home = tmp_path / f"killed-{border}"
        write(docs, bread="Bread is old. " * 120)
        process = child("ingest", home, docs, border)
        process.communicate(timeout=120)
        assert process.returncode == -signal.SIGKILL
        collection = Collection(home)
        assert _texts(collection) in ({}, {"bread": "Bread is old. " * 120})
        write(docs, bread="Bread is new.")
        _ingest(collection, docs)
        assert _texts(collection) == {"bread": "Bread is new."}
        mended.append(collection)
    assert vector_ids(*mended) == [chunk_ids(collection) for collection in mended]
