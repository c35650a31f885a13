"""`ragchat index`: an index is looked into, broken, mended, made anew and packed, by its user's own commands."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.index.doubles import child, finished
from tests.programs import RAGCHAT
from tests.servers.ollama import OllamaServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.programs import Program
    from tests.servers.wire import Wire

BUNDLED = "bundled/wordllama-l2-supercat-256"
COMMANDS = ("status", "verify", "repair", "rebuild", "vacuum")
WHOLE = {
    "ok": True,
    "documents": 2,
    "chunks": 3,
    "missing_vectors": 0,
    "missing_words": 0,
    "orphans": 0,
    "examples": {"missing_vectors": [], "missing_words": [], "orphans": []},
    "damage": [],
}


@pytest.fixture
def index(folder: Path) -> Path:
    """Where the default collection lies."""
    return folder.parent / "home" / "collections" / "default"


def test_status_tells_what_an_index_is_and_takes(ragchat: Program, folder: Path, index: Path) -> None:
    ragchat("ingest", ".")
    status = ragchat("index", "status", "--json").result
    sizes = status.pop("bytes")
    assert status.pop("generation") > 0
    assert status == {
        "collection": "default",
        "embedder": BUNDLED,
        "documents": 2,
        "chunks": 3,
        "current": True,
        "outdated": False,
        "settled": True,
        "writer": None,
        "segments": {"count": 1, "chunks": 3, "buried": 0},
    }
    (segment,) = (index / "segments").iterdir()
    assert sizes["segments"] == segment.stat().st_size
    assert sizes["chromadb"] == sum(
        path.stat().st_size for path in (index / "vectors").rglob("*") if path.is_file()
    )
    assert sizes["total"] == sizes["texts"] + sizes["segments"] + sizes["chromadb"]
    first, *_ = ragchat("index", "status").out.splitlines()
    assert first == f"default · 2 documents · 3 chunks · {BUNDLED}"


def test_status_loads_no_chromadb(ragchat: Program) -> None:
    ragchat("ingest", ".")
    ran = ragchat("index", "status", PYTHONPROFILEIMPORTTIME="1")
    assert "ragchat.index.status" in ran.err
    assert "chromadb" not in ran.err


def test_status_names_who_is_writing_and_what_a_stopped_writer_left(ragchat: Program, index: Path) -> None:
    ragchat("ingest", ".")
    holder = child("hold", index)
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    assert f"process {holder.pid}" in ragchat("index", "status", "--json").result["writer"]
    assert f"Being written to by children.py, process {holder.pid}" in ragchat("index", "status").out
    finished(holder)
    assert ragchat("index", "status", "--json").result["writer"] is None
    with closing(sqlite3.connect(index / "index.db")) as connection, connection:
        connection.execute("INSERT INTO properties VALUES ('unsettled', 'yes')")
    assert ragchat("index", "status", "--json").result["settled"] is False
    assert "A writer was stopped" in ragchat("index", "status").out
    assert ragchat("index", "verify").status == 0
    assert ragchat("index", "status", "--json").result["settled"] is True


@pytest.mark.parametrize("command", COMMANDS)
def test_an_empty_collection_is_whole_and_a_missing_one_is_named(ragchat: Program, command: str) -> None:
    assert ragchat("index", command).status == 3
    assert ragchat("index", command, "--collection", "nope", "--json").error["kind"] == "usage"
    ragchat("collection", "create", "new", "--embedder", "bundled")
    ran = ragchat("index", command, "--collection", "new", "--json")
    assert ran.status == 0
    assert ran.result


def _without_segments(index: Path) -> None:
    shutil.rmtree(index / "segments")


def _with_half_a_segment(index: Path) -> None:
    (segment,) = (index / "segments").iterdir()
    os.truncate(segment, segment.stat().st_size // 2)


def _with_a_changed_byte(index: Path) -> None:
    (segment,) = (index / "segments").iterdir()
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 0xFF
    segment.write_bytes(content)


def _without_chromadb(index: Path) -> None:
    shutil.rmtree(index / "vectors")


def _with_half_of_chromadb(index: Path) -> None:
    os.truncate(index / "vectors" / "chroma.sqlite3", 20_000)


def _without_either(index: Path) -> None:
    _without_segments(index)
    _without_chromadb(index)


@pytest.mark.parametrize(
    ("harm", "words", "vectors"),
    [
        (_without_segments, 3, 0),
        (_with_half_a_segment, 3, 0),
        (_with_a_changed_byte, 3, 0),
        (_without_chromadb, 0, 3),
        (_with_half_of_chromadb, 0, 3),
        (_without_either, 3, 3),
    ],
)
def test_what_is_broken_is_found_and_repaired(
    ragchat: Program, index: Path, harm: Callable[[Path], None], words: int, vectors: int
) -> None:
    ragchat("ingest", ".")
    harm(index)
    ran = ragchat("index", "verify", "--json")
    assert ran.status == 1
    assert ran.result["ok"] is False
    assert (ran.result["missing_words"], ran.result["missing_vectors"]) == (words, vectors)
    assert len(ran.result["examples"]["missing_words"]) == words
    assert ran.result["damage"]
    assert ragchat("index", "repair", "--json").result == {"repaired": True, "found": ran.result}
    assert ragchat("index", "verify", "--json").result == WHOLE


def test_a_person_reads_a_line_of_what_is_whole_or_one_for_each_kind_of_damage(
    ragchat: Program, index: Path
) -> None:
    ragchat("ingest", ".")
    assert ragchat("index", "verify").out == ("2 documents · 3 chunks · each found by its words and its vector\n")
    _without_segments(index)
    ran = ragchat("index", "verify")
    first, *rest = ran.out.splitlines()
    assert ran.status == 1
    assert first.startswith(str(index / "segments"))
    assert rest == [
        "3 chunks not found by words",
        "cure: Run `ragchat index repair --collection default`.",
    ]
    assert "repaired: 3 chunks not found by words" in ragchat("index", "repair").out
    assert ragchat("index", "repair").out.startswith("There was nothing to repair.\n")
    assert "pink tea" in ragchat("search", "pink tea").out
    assert ragchat("ingest", ".", "--json").result["unchanged"] == ["bread.md", "tea.txt"]


@pytest.mark.parametrize("command", COMMANDS)
def test_texts_that_cannot_be_read_are_an_error_with_the_cure(ragchat: Program, index: Path, command: str) -> None:
    ragchat("ingest", ".")
    (index / "index.db").write_bytes(os.urandom(50_000))
    ran = ragchat("index", command, "--json")
    assert (ran.status, ran.error["kind"]) == (1, "index_damaged")
    assert "ragchat collection remove default" in ran.error["hint"]


def test_a_rebuild_reads_the_files_again_and_keeps_what_is_gone(ragchat: Program, folder: Path) -> None:
    ragchat("ingest", ".")
    (folder / "tea.txt").unlink()
    (folder / "bread.md").write_text("# Bread\n\nNow with rye.\n")
    rebuilt = ragchat("index", "rebuild", "--json").result
    assert (rebuilt["documents"], rebuilt["chunks"], rebuilt["embedder"]) == (2, 2, BUNDLED)
    assert [row["source"] for row in rebuilt["kept"]] == ["tea.txt"]
    assert "pink tea" in ragchat("search", "pink tea").out
    assert "rye" in ragchat("search", "rye").out
    assert "kept: tea.txt: " in ragchat("index", "rebuild").out


def test_a_rebuild_of_vectors_alone_reads_no_file(ragchat: Program, folder: Path) -> None:
    ragchat("ingest", ".")
    (folder / "tea.txt").unlink()
    (folder / "bread.md").write_text("# Bread\n\nNow with rye.\n")
    rebuilt = ragchat("index", "rebuild", "--embed-only", "--json").result
    assert (rebuilt["chunks"], rebuilt["kept"]) == (3, [])
    assert "rack" in ragchat("search", "rack").out


def test_a_rebuild_changes_the_embedder_and_back(ragchat: Program) -> None:
    ragchat("ingest", ".", "--embedder", "bundled")
    with OllamaServer() as server:
        refused = ragchat("ingest", ".", "--embedder", "ollama", "--json", OLLAMA_HOST=server.url)
        assert refused.error["kind"] == "embedder_mismatch"
        changed = ragchat(
            "index", "rebuild", "--embed-only", "--embedder", "ollama", "--json", OLLAMA_HOST=server.url
        ).result
        assert changed["embedder"].startswith("ollama/mxbai-embed-large@")
        assert ragchat("index", "status", "--json").result["embedder"] == changed["embedder"]
        assert "pink tea" in ragchat("search", "pink tea", OLLAMA_HOST=server.url).out
        assert ragchat("index", "verify").status == 0
    away = ragchat("index", "rebuild", "--embed-only", "--json")
    assert (away.status, away.error["kind"]) == (1, "embedder")
    assert ragchat("index", "verify").status == 0
    back = ragchat("index", "rebuild", "--embed-only", "--embedder", "bundled", "--json").result
    assert back["embedder"] == BUNDLED
    assert "pink tea" in ragchat("search", "pink tea").out


def test_what_another_release_split_is_told_and_split_again(ragchat: Program, index: Path) -> None:
    ragchat("ingest", ".")
    with closing(sqlite3.connect(index / "index.db")) as connection, connection:
        connection.execute("UPDATE documents SET recipe = 'readers 0'")
    assert ragchat("index", "status", "--json").result["current"] is False
    assert "Another release split some documents" in ragchat("index", "status").out
    assert ragchat("ingest", ".", "--dry-run", "--json").result["rebuild"] is True
    assert "is made anew first" in ragchat("ingest", ".", "--dry-run").out
    refused = ragchat("index", "rebuild", "--embed-only", "--json")
    assert (refused.status, refused.error["kind"]) == (2, "usage")
    assert ragchat("index", "rebuild").status == 0
    assert ragchat("index", "status", "--json").result["current"] is True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_rebuild_that_is_stopped_leaves_everything_as_it_was(
    ragchat: Program, index: Path, number: signal.Signals
) -> None:
    ragchat("ingest", ".")
    before = ragchat("index", "status", "--json").result
    folders = {path.name for path in index.iterdir() if path.is_dir()}
    begun = threading.Event()

    def embed_for_ever(wire: Wire) -> None:
        begun.set()
        wire.stall()

    with OllamaServer() as server:
        process = subprocess.Popen(
            [str(RAGCHAT), "index", "rebuild", "--embed-only", "--embedder", "ollama"],
            cwd=ragchat.folder,
            env=ragchat.variables({"OLLAMA_HOST": server.then(embed_for_ever).url}),
            stderr=subprocess.PIPE,
        )
        assert begun.wait(60)
        process.send_signal(number)
        process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert ragchat("index", "status", "--json").result == before
    assert {path.name for path in index.iterdir() if path.is_dir()} == folders
    assert ragchat("index", "verify").status == 0


def test_vacuum_gives_back_what_is_gone(ragchat: Program, folder: Path) -> None:
    for number in range(40):
        (folder / f"note {number}.txt").write_text(f"Note{number} is about word{number}. " * 200)
    ragchat("ingest", ".")
    for number in range(9):
        (folder / f"note {number}.txt").unlink()
    ragchat("ingest", ".")
    assert ragchat("index", "status", "--json").result["segments"]["buried"] > 0
    report = ragchat("index", "vacuum", "--json").result
    assert report["after"]["texts"] < report["before"]["texts"]
    assert report["after"]["segments"] < report["before"]["segments"]
    assert report["dropped_terms"] >= 18
    status = ragchat("index", "status", "--json").result
    assert status["segments"]["buried"] == 0
    assert status["bytes"] == report["after"]
    assert ragchat("index", "verify").status == 0
    assert "word20" in ragchat("search", "word20").out
    (folder / "note 1.txt").write_text("Note1 is back, with word1.")
    ragchat("ingest", ".")
    assert "note 1.txt" in ragchat("search", "word1").out
    assert ragchat("index", "verify").status == 0
    assert " before · " in ragchat("index", "vacuum").out
