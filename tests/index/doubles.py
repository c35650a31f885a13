"""Embedders that are exact and instant, and a collection's own files looked at from outside."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np

from ragchat.errors import EmbedderError
from tests.servers.ollama import vector

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ragchat.index.collection import Collection
    from ragchat.index.ingest import IngestReport


class WordEmbedder:
    """Texts that share words lie near each other."""

    def __init__(self, name: str = "words", width: int = 256) -> None:
        self.fingerprint = f"test/{name}-{width}"
        self._width = width

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([self.embed_query(text) for text in texts], np.float32).reshape(len(texts), self._width)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        row = np.array(vector(text)[: self._width], np.float32) + np.float32(1e-6)
        return row / np.linalg.norm(row)


class WideEmbedder:
    """Texts that begin with the same letter lie near each other; 2,000 vectors are enough for ChromaDB's graph."""

    fingerprint = "test/wide"
    _WIDTH = 6_500

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([self.embed_query(text) for text in texts], np.float32).reshape(len(texts), self._WIDTH)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        row = 3.0 * self._direction(text[:1]) + self._direction(text)
        return row / np.linalg.norm(row)

    def _direction(self, text: str) -> NDArray[np.float32]:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
        return np.random.default_rng(seed).standard_normal(self._WIDTH, np.float32)


class BrokenEmbedder(WordEmbedder):
    """Was there when the documents came, and is gone when the question comes."""

    def embed_query(self, text: str) -> NDArray[np.float32]:
        raise EmbedderError("The embedder is away.")


def child(program: str, *arguments: object, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """A process that runs `program` of `tests.index.children`, with more in its `environment`."""
    command = [sys.executable, "-m", "tests.index.children", program, *map(str, arguments)]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | (environment or {})
    )


def finished(process: subprocess.Popen[str]) -> str:
    """What a process printed, which must end well."""
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return said


def vector_ids(*collections: Collection) -> list[set[str]]:
    """The ids that ChromaDB holds, as a process that has never seen the collections finds them."""
    found = json.loads(finished(child("vectors", *(one.vectors_folder for one in collections))))
    return [set(ids) for ids in found]


def held_ids(collection: Collection) -> set[str]:
    """The same through the client that the collection has open: quicker, and less of a proof."""
    return collection.vectors.ids()


def chunk_ids(collection: Collection) -> set[str]:
    """The ids that the manifest holds."""
    return {row["id"] for row in collection.manifest.connection.execute("SELECT id FROM chunks")}


def outcomes(report: IngestReport) -> dict[str, str]:
    """What became of each source; one that stands in two lists is an error."""
    listed = [
        *((source, "added") for source in report.added),
        *((source, "changed") for source in report.changed),
        *((source, "unchanged") for source in report.unchanged),
        *((source, "removed") for source in report.removed),
        *((source, "failed") for source, _ in report.failed),
        *((source, "skipped") for source, _ in report.skipped),
    ]
    assert len(dict(listed)) == len(listed)
    return dict(listed)


def write(folder: Path, **texts: str) -> None:
    """Make `folder` with a Markdown file for each of `texts`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.md").write_text(text, "utf-8")


def churned(version: int) -> dict[str, str]:
    """The notes of a version: each is gone from every third."""
    return {
        name: f"Rice, version {version} of {name}."
        for number, name in enumerate("abcdef")
        if (version + number) % 3
    }
