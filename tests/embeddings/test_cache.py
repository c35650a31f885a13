"""What has been embedded once is not embedded again, as the server's journal tells; the cache is only a cache."""

from __future__ import annotations

import os
import signal
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ragchat.embeddings.bundled import BundledEmbedder
from ragchat.embeddings.cache import CACHE_FILE, VectorCache
from ragchat.embeddings.cached import CachedEmbedder, with_cache
from ragchat.embeddings.ollama import OllamaEmbedder
from ragchat.errors import EmbedderError, StorageError
from ragchat.index.collection import Collection
from ragchat.index.ingest import IngestReport, ingest
from ragchat.ollama.client import OllamaClient
from tests.embeddings.embedding import embedding, numbered
from tests.servers import ollama as fake

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.ollama import OllamaServer
    from tests.servers.wire import Wire

_NOTE = "# Bread\n\n" + "\n\n".join(f"## Step {step}\n\nThe dough rests for {step} hours." for step in range(9))


@pytest.fixture
def client(ollama_server: OllamaServer) -> Iterator[OllamaClient]:
    with OllamaClient(ollama_server.url, timeout_s=10) as client:
        yield client


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / CACHE_FILE


@pytest.fixture
def cache(path: Path) -> Iterator[VectorCache]:
    with closing(VectorCache(path)) as cache:
        yield cache


@pytest.fixture
def embedder(client: OllamaClient, cache: VectorCache) -> CachedEmbedder:
    return CachedEmbedder(OllamaEmbedder(client, "mxbai-embed-large"), cache)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "bread.md").write_text(_NOTE)
    return docs


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with closing(Collection(tmp_path / "home")) as collection:
        yield collection


def _sent(server: OllamaServer) -> list[str]:
    """Every text that the server was given."""
    return [
        text for exchange in server.journal if exchange.path == "/api/embed" for text in exchange.body["input"]
    ]


def _take_in(collection: Collection, embedder: CachedEmbedder, docs: Path) -> IngestReport:
    return ingest(collection, embedder, [docs], max_bytes=10**6, never=docs.parent / "home")


# What costs nothing twice


def test_equal_texts_are_embedded_once_and_each_has_its_row(
    ollama_server: OllamaServer, embedder: CachedEmbedder
) -> None:
    rows = embedder.embed_documents(["bread", "rice", "bread"])
    assert _sent(ollama_server) == ["bread", "rice"]
    again = embedder.embed_documents(["rice", "tea", "bread"])
    assert _sent(ollama_server) == ["bread", "rice", "tea"]
    np.testing.assert_array_equal(again[[2, 0, 2]], rows)
    np.testing.assert_allclose(again[1], fake.vector("tea"), atol=1e-6)
    assert again.dtype == np.float32
    assert embedder.reused == 3


def test_no_text_makes_no_row_and_no_file(
    ollama_server: OllamaServer, embedder: CachedEmbedder, path: Path
) -> None:
    assert len(embedder.embed_documents([])) == 0
    assert not path.exists()
    assert not _sent(ollama_server)


def test_a_document_that_comes_back_costs_nothing(
    ollama_server: OllamaServer, embedder: CachedEmbedder, collection: Collection, docs: Path
) -> None:
    first = _take_in(collection, embedder, docs)
    assert (first.embedded, first.reused) == (first.chunks, 0)
    assert len(_sent(ollama_server)) == first.chunks > 5
    (docs / "bread.md").rename(docs.parent / "bread.md")
    assert _take_in(collection, embedder, docs).removed
    (docs.parent / "bread.md").rename(docs / "bread.md")
    back = _take_in(collection, embedder, docs)
    assert (back.chunks, back.embedded, back.reused) == (first.chunks, 0, first.chunks)
    assert len(_sent(ollama_server)) == first.chunks


def test_a_file_with_a_title_of_its_own_keeps_its_vectors_under_another_name(
    ollama_server: OllamaServer, embedder: CachedEmbedder, collection: Collection, docs: Path
) -> None:
    first = _take_in(collection, embedder, docs)
    (docs / "bread.md").rename(docs / "loaf.md")
    moved = _take_in(collection, embedder, docs)
    assert (len(moved.added), len(moved.removed), moved.reused) == (1, 1, first.chunks)
    assert len(_sent(ollama_server)) == first.chunks


def test_an_edit_costs_what_it_changes(
    ollama_server: OllamaServer, embedder: CachedEmbedder, collection: Collection, docs: Path
) -> None:
    first = _take_in(collection, embedder, docs)
    (docs / "bread.md").write_text(_NOTE.replace("rests for 5 hours", "rests all night"))
    edited = _take_in(collection, embedder, docs)
    assert (edited.embedded, edited.reused) == (1, first.chunks - 1)
    assert sum("all night" in text for text in _sent(ollama_server)) == 1
    assert len(_sent(ollama_server)) == first.chunks + 1


def test_texts_that_are_split_anew_and_stay_as_they_were_cost_nothing(
    ollama_server: OllamaServer, embedder: CachedEmbedder, collection: Collection, docs: Path
) -> None:
    first = _take_in(collection, embedder, docs)
    collection.manifest.connection.execute("UPDATE documents SET recipe = 'older'")
    _take_in(collection, embedder, docs)
    assert not collection.is_of_another_recipe
    assert len(_sent(ollama_server)) == first.chunks


def test_ten_copies_cost_one(
    ollama_server: OllamaServer, embedder: CachedEmbedder, collection: Collection, docs: Path
) -> None:
    for number in range(9):
        (docs / f"copy-{number}.md").write_text(_NOTE)
    report = _take_in(collection, embedder, docs)
    assert (report.embedded * 10, report.reused) == (report.chunks, 9 * report.embedded)
    assert len(set(_sent(ollama_server))) == len(_sent(ollama_server)) == report.embedded


def test_small_documents_are_embedded_together(
    ollama_server: OllamaServer, embedder: CachedEmbedder, collection: Collection, docs: Path
) -> None:
    for number in range(100):
        (docs / f"note-{number}.md").write_text(f"# Note {number}\n\nIt has a few words to say.")
    report = _take_in(collection, embedder, docs)
    requests = [exchange.body["input"] for exchange in ollama_server.journal if exchange.path == "/api/embed"]
    assert len(requests) <= 1 + report.chunks // 25
    assert sorted(text for texts in requests for text in texts) == sorted(
        chunk.searchable for source in report.added for chunk in collection.manifest.chunks_of(source)
    )


def test_who_interrupts_does_not_wait_for_the_embedder(
    ollama_server: OllamaServer, embedder: CachedEmbedder, collection: Collection, docs: Path
) -> None:
    def interrupt(done: int, total: int, current: str) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest(collection, embedder, [docs], max_bytes=10**6, never=docs.parent / "home", progress=interrupt)
    assert not _sent(ollama_server)


def test_another_model_does_not_get_the_vectors_of_this_one(client: OllamaClient, cache: VectorCache) -> None:
    CachedEmbedder(OllamaEmbedder(client, "mxbai-embed-large"), cache).embed_documents(["bread"])
    other = CachedEmbedder(OllamaEmbedder(client, "llama3.2:3b"), cache)
    other.embed_documents(["bread"])
    assert other.reused == 0


def test_what_was_made_before_the_server_failed_is_kept(
    ollama_server: OllamaServer, embedder: CachedEmbedder
) -> None:
    ollama_server.then(*[_embed] * 4, fake.refuse(500, "out of memory"))
    with pytest.raises(EmbedderError):
        embedder.embed_documents(numbered(range(160)))
    del ollama_server.journal[:]
    assert embedder.embed_documents(numbered(range(160))).shape == (160, fake.WIDTH)
    assert _sent(ollama_server) == numbered(range(128, 160))


def test_what_was_made_before_a_kill_is_kept(
    ollama_server: OllamaServer, embedder: CachedEmbedder, path: Path
) -> None:
    process = embedding(ollama_server.url, path, range(160))

    def kill(wire: Wire) -> None:
        os.kill(process.pid, signal.SIGKILL)
        wire.hang_up()

    ollama_server.then(*[_embed] * 4, kill)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    del ollama_server.journal[:]
    embedder.embed_documents(numbered(range(160)))
    assert _sent(ollama_server) == numbered(range(128, 160))
    assert not embedder.trouble


def test_processes_share_one_cache_at_the_same_time(
    ollama_server: OllamaServer, embedder: CachedEmbedder, path: Path
) -> None:
    processes = [embedding(ollama_server.url, path, range(at, at + 600)) for at in (0, 300, 600)]
    said = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert all(line.strip().isdigit() for line in said)
    del ollama_server.journal[:]
    rows = embedder.embed_documents(numbered(range(1200)))
    assert not _sent(ollama_server)
    np.testing.assert_allclose(
        rows[[0, 450, 1199]], [fake.vector(f"text number {n}") for n in (0, 450, 1199)], atol=1e-6
    )


def _embed(wire: Wire) -> None:
    wire.send(200, {"embeddings": [fake.vector(text) for text in wire.exchange.body["input"]]})


# A cache that cannot be used


def test_a_file_that_is_no_cache_fails_nothing_and_is_told_of_once(
    ollama_server: OllamaServer, embedder: CachedEmbedder, collection: Collection, docs: Path, path: Path
) -> None:
    path.write_bytes(b"This is no database. " * 500)
    (docs / "rice.md").write_text("# Rice\n\nIt needs no salt.")
    report = _take_in(collection, embedder, docs)
    assert (len(report.added), report.embedded, report.reused) == (2, report.chunks, 0)
    (notice,) = report.notices
    assert str(path) in notice
    assert "move it away" in notice
    assert len(_sent(ollama_server)) == report.chunks


def test_a_file_that_is_damaged_inside_fails_nothing(
    client: OllamaClient, embedder: CachedEmbedder, cache: VectorCache, path: Path
) -> None:
    embedder.embed_documents(numbered(range(300)))
    cache.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    rows = embedder.embed_documents(numbered(range(300)))
    np.testing.assert_allclose(rows[7], fake.vector("text number 7"), atol=1e-6)
    assert "remove it" in embedder.trouble


def test_a_vector_that_has_changed_on_the_disk_is_made_again(
    ollama_server: OllamaServer, embedder: CachedEmbedder, path: Path
) -> None:
    rows = embedder.embed_documents(["bread", "rice"])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE vectors SET vector = zeroblob(1024) WHERE row = 1")
    for _ in range(2):
        np.testing.assert_array_equal(embedder.embed_documents(["bread", "rice"]), rows)
    assert _sent(ollama_server) == ["bread", "rice", "bread"]


def test_a_cache_that_somebody_keeps_locked_is_left_alone(embedder: CachedEmbedder, path: Path) -> None:
    embedder.embed_documents(["bread"])
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        rows = embedder.embed_documents(["bread", "rice"])
    np.testing.assert_allclose(rows, [fake.vector("bread"), fake.vector("rice")], atol=1e-6)
    assert embedder.reused == 1
    assert "locked" in embedder.trouble


# What it holds


def test_it_holds_no_text_and_is_the_owners_alone(
    embedder: CachedEmbedder, cache: VectorCache, path: Path
) -> None:
    embedder.embed_documents(["my secret"])
    assert path.stat().st_mode & 0o777 == 0o600
    cache.close()
    assert b"secret" not in path.read_bytes()


def test_the_vectors_that_were_not_used_for_longest_go_first(path: Path) -> None:
    days = [0.0]
    limit = 2_000_000
    with closing(VectorCache(path, limit_bytes=limit, clock=lambda: days[0] * 86_400)) as cache:
        vector = np.random.default_rng(1).random(256, np.float32)
        for day, numbers in enumerate((range(400), range(400, 800))):
            days[0] = day
            cache.keep("one", dict.fromkeys(numbered(numbers), vector))
        days[0] = 2
        assert len(cache.vectors("one", numbered(range(400)))) == 400
        days[0] = 3
        cache.keep("one", dict.fromkeys(numbered(range(800, 1600)), vector))
        known = [len(cache.vectors("one", numbered(numbers))) for numbers in (range(400, 800), range(800, 1600))]
        assert known == [0, 800]
        assert len(cache.vectors("one", numbered(range(400)))) == 300
        for start in range(1600, 9000, 100):
            cache.keep("one", dict.fromkeys(numbered(range(start, start + 100)), vector))
    assert path.stat().st_size < 1.2 * limit


def test_what_is_forgotten_leaves_no_byte(cache: VectorCache, path: Path) -> None:
    ones, others = np.random.default_rng(1).random((2, 100, 256), np.float32)
    cache.keep("one", dict(zip(numbered(range(100)), ones, strict=True)))
    cache.keep("other", dict(zip(numbered(range(100)), others, strict=True)))
    cache.forget("one")
    assert not cache.vectors("one", numbered(range(100)))
    np.testing.assert_array_equal(cache.vectors("other", ["text number 7"])["text number 7"], others[7])
    cache.forget()
    assert not cache.vectors("other", numbered(range(100)))
    left = b"".join(file.read_bytes() for file in path.parent.glob(f"{CACHE_FILE}*"))
    assert not any(row.tobytes()[:64] in left for row in (*ones, *others))


def test_forgetting_what_was_never_kept_makes_no_file(cache: VectorCache, path: Path) -> None:
    cache.forget()
    assert not path.exists()


def test_what_cannot_be_forgotten_is_an_error(cache: VectorCache, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"This is no database. " * 500)
    with pytest.raises(StorageError):
        cache.forget()


def test_questions_are_not_kept(embedder: CachedEmbedder, path: Path) -> None:
    np.testing.assert_array_equal(embedder.embed_query("bread"), embedder.embed_query("bread"))
    assert not path.exists()


def test_the_bundled_embedder_is_not_worth_a_cache(client: OllamaClient, cache: VectorCache) -> None:
    bundled = BundledEmbedder()
    assert with_cache(bundled, cache) is bundled
    assert isinstance(with_cache(OllamaEmbedder(client, "mxbai-embed-large"), cache), CachedEmbedder)
