"""A repair takes what is left, and embeds only what is left nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import pytest

from ragchat.index.repair import repair
from ragchat.index.verify import verify
from tests.index.contents import assert_same, contents
from tests.index.damages import delete_segment, delete_vectors, forget_segments, remove_chromadb
from tests.index.doubles import WordEmbedder, write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ragchat.index.collection import Collection
    from ragchat.index.ingest import IngestReport

    TakeIn: TypeAlias = Callable[..., IngestReport]

_TEXTS = {"bread": "Bread is brown. " * 60, "rice": "Rice is rinsed. " * 60, "tea": "Tea is steeped."}


class Counting(WordEmbedder):
    """Remembers how many texts it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.given = 0

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.given += len(texts)
        return super().embed_documents(texts)


@pytest.mark.parametrize(
    ("damages", "embedded"),
    [
        ([delete_segment], "nothing"),
        ([forget_segments], "nothing"),
        ([remove_chromadb], "nothing"),
        ([delete_vectors], "nothing"),
        ([delete_segment, remove_chromadb], "everything"),
        ([forget_segments, delete_vectors], "something"),
    ],
)
def test_only_what_is_left_nowhere_is_embedded_again(
    collection: Collection,
    take_in: TakeIn,
    tmp_path: Path,
    damages: list[Callable[[Path], None]],
    embedded: str,
) -> None:
    write(tmp_path / "docs", **_TEXTS)
    take_in(collection, tmp_path / "docs", embedder=WordEmbedder())
    expected = contents(collection, WordEmbedder(), ["rice", "tea"])
    collection.close()
    for damage in damages:
        damage(collection.folder)
    embedder = Counting()
    assert not repair(collection, lambda: embedder).ok
    share = embedder.given / len(expected.chunks)
    assert (0 < share < 1) if embedded == "something" else share == {"nothing": 0, "everything": 1}[embedded]
    assert verify(collection).ok
    assert_same(contents(collection, WordEmbedder(), ["rice", "tea"]), expected)


def test_a_whole_index_is_left_as_it_is(collection: Collection, take_in: TakeIn, tmp_path: Path) -> None:
    write(tmp_path / "docs", **_TEXTS)
    take_in(collection, tmp_path / "docs", embedder=WordEmbedder())
    before = collection.manifest.generation
    assert repair(collection, WordEmbedder).ok
    assert collection.manifest.generation == before
