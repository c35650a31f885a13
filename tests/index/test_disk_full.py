"""A disk that is full, at whatever file: a clear error, the old index whole, and the same again completes."""

from __future__ import annotations

import resource
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from ragchat.index.collection import Collection
from ragchat.index.ingest import ingest
from ragchat.index.retriever import Retriever
from ragchat.index.verify import verify
from tests.index.contents import assert_between, assert_same, contents
from tests.index.kills import QUESTIONS, write_notes
from tests.programs import RAGCHAT, Program

if TYPE_CHECKING:
    from pathlib import Path

    from ragchat.embeddings.bundled import BundledEmbedder
    from tests.index.contents import Contents

# Each is too small for another file: SQLite's log, a segment, ChromaDB's log, its vectors.
_LIMITS = (1, 100_000, 600_000, 800_000)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    (tmp_path / "work").mkdir()
    return Program(tmp_path / "work")


def _limited(program: Program, limit: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`ragchat ARGUMENTS`, which can make no file larger than `limit` bytes."""
    return subprocess.run(
        [str(RAGCHAT), *arguments],
        cwd=program.folder,
        env=program.variables(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )


def _contents(home: Path, embedder: BundledEmbedder) -> Contents:
    collection = Collection(home)
    found = verify(collection)
    assert found.ok, str(found)[:500]
    there = contents(collection, embedder, QUESTIONS)
    collection.close()
    return there


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, bundled: BundledEmbedder) -> Path:
    """`docs` that have changed since `home` was made, and what it would become in `alone`."""
    folder = tmp_path_factory.mktemp("prepared")
    write_notes(folder / "docs", 2, paragraphs=4)
    _ingest(folder / "home", folder / "docs", bundled)
    write_notes(folder / "docs", 20, paragraphs=20, seed=1)
    shutil.copytree(folder / "home", folder / "alone")
    _ingest(folder / "alone", folder / "docs", bundled)
    return folder


def _ingest(home: Path, docs: Path, embedder: BundledEmbedder) -> None:
    collection = Collection(home)
    ingest(collection, embedder, [docs], max_bytes=10**7, never=home)
    collection.close()


@pytest.mark.parametrize("limit", _LIMITS)
def test_an_ingest_that_meets_a_full_disk_says_so_and_leaves_a_whole_index(
    program: Program, prepared: Path, tmp_path: Path, bundled: BundledEmbedder, limit: int
) -> None:
    docs, home = prepared / "docs", tmp_path / "home"
    shutil.copytree(prepared / "home", home)
    ran = _limited(program, limit, "ingest", str(docs))
    assert ran.returncode == 1
    assert ran.stderr.count("\n") == 2, "a sentence and a hint"
    assert "inside ragchat" not in ran.stderr

    collection = Collection(home)
    assert Retriever(collection, bundled).search("dish 3 of note 1", 3).passages
    collection.close()
    expected = _contents(prepared / "alone", bundled)
    assert_between(_contents(home, bundled), _contents(prepared / "home", bundled), expected)
    assert program("ingest", str(docs)).status == 0
    assert_same(_contents(home, bundled), expected)
