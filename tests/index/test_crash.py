"""Killed at any moment, an index is whole, and the next run completes what was begun."""

from __future__ import annotations

import os
import shutil
import signal
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ragchat.embeddings.bundled import BundledEmbedder
from ragchat.index.collection import Collection
from ragchat.index.ingest import ingest
from ragchat.index.verify import verify
from tests.index.contents import assert_same, contents
from tests.index.doubles import WordEmbedder, vector_ids, write
from tests.index.kills import kill_at_borders, kill_at_random, whole, write_notes
from tests.index.nursery import Nursery

if TYPE_CHECKING:
    from collections.abc import Iterator

_OLD = {"bread": "Bread is old. " * 90, "rice": "Rice is old. " * 90, "tea": "Tea is old."}
_NEW = {"bread": "Bread is new. " * 120, "rice": _OLD["rice"], "soup": "Soup is new. " * 90}


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


def _ingested(home: Path, docs: Path) -> None:
    collection = Collection(home)
    ingest(collection, BundledEmbedder(), [docs], max_bytes=10**8, never=home)
    collection.close()


def _changed_docs(folder: Path) -> tuple[Path, Path]:
    """A folder of documents that have changed since they were ingested into a home, and that home."""
    docs, before = folder / "docs", folder / "before"
    write(docs, **_OLD)
    _ingested(before, docs)
    write(docs, bread=_NEW["bread"], soup=_NEW["soup"])
    (docs / "tea.md").unlink()
    return docs, before


def _texts(home: Path) -> dict[str, str]:
    collection = Collection(home)
    manifest = collection.manifest
    texts = {
        record.title: "".join(chunk.text for chunk in manifest.chunks_of(record.source))
        for record in manifest.documents()
    }
    collection.close()
    return texts


_NAMED = {
    "ingest": ("delete", "upsert"),
    "remove_half": ("delete",),
    "rebuild": ("upsert",),
    "vacuum": ("COMMIT",),
}


# Those between the manifest and ChromaDB, and some of the others; `benchmarks/crash.py` goes through all.
@pytest.mark.parametrize(("program", "step"), [("ingest", 8), ("remove_half", 7), ("rebuild", 9), ("vacuum", 4)])
def test_killed_at_a_border_an_index_is_whole_and_the_next_run_completes_it(
    nursery: Nursery, tmp_path: Path, program: str, step: int
) -> None:
    docs, before = _changed_docs(tmp_path)
    arguments = [docs] if program == "ingest" else []
    borders = chain(_NAMED[program], count(2, step))
    assert kill_at_borders(nursery, program, before, arguments, borders) > 2


def test_a_removal_that_was_killed_leaves_a_whole_collection_or_none(nursery: Nursery, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    write(docs, **_OLD)
    _ingested(tmp_path / "before", docs)
    expected = whole(tmp_path / "before")
    for border in count(1, 2):
        home = tmp_path / f"killed-{border}"
        shutil.copytree(tmp_path / "before", home)
        if nursery.run("erase", home, border) == 0:
            break
        assert not Collection.exists(home) or _texts(home) == _OLD
        _ingested(home, docs)
        assert_same(whole(home), expected)
    assert border > 6


def test_a_repair_that_was_killed_is_done_again(nursery: Nursery, tmp_path: Path) -> None:
    _, before = _changed_docs(tmp_path)
    expected = whole(before)
    next(before.rglob("*.safetensors")).unlink()
    for border in count(1, 9):
        home = tmp_path / f"killed-{border}"
        shutil.copytree(before, home)
        if nursery.run("repair", home, border) == 0:
            break
        assert _texts(home) == _OLD
        assert nursery.run("repair", home) == 0
        assert_same(whole(home), expected)
        shutil.rmtree(home)
    assert border > 24


@pytest.mark.parametrize("program", ["ingest", "remove_half"])
def test_killed_at_a_random_moment_an_index_is_whole(nursery: Nursery, tmp_path: Path, program: str) -> None:
    write_notes(tmp_path / "docs", 12, paragraphs=6)
    if program == "ingest":
        Collection(tmp_path / "before").manifest.close()
        arguments = [tmp_path / "docs"]
    else:
        _ingested(tmp_path / "before", tmp_path / "docs")
        arguments = []
    kill_at_random(nursery, program, tmp_path / "before", arguments, kills=6, seed=1)


def test_killed_beside_its_workers_an_ingest_leaves_none_of_them(nursery: Nursery, tmp_path: Path) -> None:
    write_notes(tmp_path / "docs", 16, paragraphs=220)
    assert sum(path.stat().st_size for path in (tmp_path / "docs").iterdir()) > 1_500_000
    Collection(tmp_path / "before").manifest.close()
    kill_at_random(nursery, "ingest", tmp_path / "before", [tmp_path / "docs"], kills=2, seed=2)


def test_what_a_killed_ingest_wrote_goes_when_its_file_has_changed_since(nursery: Nursery, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    mended: list[Collection] = []
    for border in count(2, 7):
        home = tmp_path / f"killed-{border}"
        write(docs, bread="Bread is old. " * 120)
        if nursery.run("ingest", home, docs, border) == 0:
            break
        assert _texts(home) in ({}, {"bread": "Bread is old. " * 120})
        write(docs, bread="Bread is new.")
        _ingested(home, docs)
        assert _texts(home) == {"bread": "Bread is new."}
        mended.append(Collection(home))
    assert len(mended) > 2
    assert vector_ids(*mended) == [set(one.manifest.ids()) for one in mended]


def test_killed_between_documents_and_segments_a_collection_takes_an_embedder_of_another_width(
    nursery: Nursery, tmp_path: Path
) -> None:
    docs, narrow = tmp_path / "docs", WordEmbedder(width=16)
    write(docs, **_OLD)
    for border in count(1, 5):
        home = tmp_path / f"killed-{border}"
        write(docs, **_OLD)
        _ingested(home, docs)
        for path in docs.iterdir():
            path.unlink()
        if nursery.run("ingest", home, docs, border) == 0:
            break
        write(docs, **_NEW)
        collection = Collection(home)
        if collection.manifest.is_empty:
            ingest(collection, narrow, [docs], max_bytes=10**6, never=home)
            assert verify(collection).ok
            assert all(contents(collection, narrow, ["soup", "rice"]).found)
        collection.close()


def test_a_worker_that_is_killed_costs_nothing_but_time(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    write_notes(docs, 16, paragraphs=220)
    _ingested(tmp_path / "whole", docs)
    collection = Collection(tmp_path / "killed")
    killed: list[int] = []

    def kill_worker(done: int, total: int, current: str) -> None:
        if done in (2, 9):
            (worker,) = _workers()
            os.kill(worker, signal.SIGKILL)
            killed.append(worker)

    report = ingest(
        collection, BundledEmbedder(), [docs], max_bytes=10**8, never=tmp_path / "killed", progress=kill_worker
    )
    assert len(killed) == 2
    assert len(report.added) == 16
    assert not report.failed
    collection.close()
    assert_same(whole(tmp_path / "killed"), whole(tmp_path / "whole"))
    assert not _workers()


def _workers() -> list[int]:
    """The processes that this one has started to prepare files."""

    found = []
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            parent = int((command.parent / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"ragchat.index.worker" in command.read_bytes():
                found.append(int(command.parent.name))
        except OSError:  # it has just ended
            continue
    return found
