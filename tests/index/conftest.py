"""A home, a folder of documents, and the embedder that is always there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ragchat.embeddings.bundled import BundledEmbedder
from ragchat.index.collection import Collection
from ragchat.index.ingest import IngestReport, ingest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ragchat.core.protocols import Embedder


@pytest.fixture(scope="session")
def bundled() -> BundledEmbedder:
    return BundledEmbedder()


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    collection = Collection(tmp_path / "home")
    yield collection
    collection.close()


@pytest.fixture
def take_in(tmp_path: Path, bundled: BundledEmbedder) -> Callable[..., IngestReport]:
    """Ingest paths into a collection, with the bundled embedder unless another is given."""

    def run(collection: Collection, *paths: Path, embedder: Embedder = bundled) -> IngestReport:
        return ingest(collection, embedder, paths, max_bytes=100_000, never=tmp_path / "home")

    return run
