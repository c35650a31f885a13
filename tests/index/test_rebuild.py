"""An index is made anew beside the old one: from its texts, or from the files."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import pytest

from ragchat.errors import EmbedderError
from ragchat.index.collection import Collection
from ragchat.index.rebuild import rebuild
from ragchat.index.retriever import Retriever
from ragchat.index.verify import verify
from tests.index.contents import assert_same, contents
from tests.index.doubles import WordEmbedder, write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ragchat.index.ingest import IngestReport

    TakeIn: TypeAlias = Callable[..., IngestReport]

_TEXTS = {"bread": "# Bread\n\n" + "It is brown. " * 60, "rice": "Rice is rinsed.", "tea": "Tea is steeped."}


class Failing(WordEmbedder):
    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if any("Tea" in text for text in texts):
            raise EmbedderError("It is away.")
        return super().embed_documents(texts)


@pytest.fixture
def ingested(collection: Collection, take_in: TakeIn, tmp_path: Path) -> Collection:
    write(tmp_path / "docs", **_TEXTS)
    take_in(collection, tmp_path / "docs", embedder=WordEmbedder())
    return collection


@pytest.mark.parametrize("rechunk", [False, True])
def test_another_embedder_takes_over_in_one_step(
    ingested: Collection, take_in: TakeIn, tmp_path: Path, rechunk: bool
) -> None:
    other = WordEmbedder(width=16)
    reader = Collection(tmp_path / "home")
    assert Retriever(reader, WordEmbedder()).search("rice", 1).passages
    with ingested.writing():
        report = rebuild(ingested, other, rechunk=rechunk, max_bytes=10**6)
    assert (report.documents, report.kept) == (3, ())
    fresh = Collection(tmp_path / "fresh")
    take_in(fresh, tmp_path / "docs", embedder=other)
    for collection in (ingested, reader):
        assert_same(contents(collection, other, ["rice", "brown"]), contents(fresh, other, ["rice", "brown"]))
    assert verify(ingested).ok
    assert len(list(ingested.folder.glob("vectors*"))) == 1
    assert len(list((ingested.folder / "segments").iterdir())) == 1


def test_what_has_changed_is_read_again_and_what_is_gone_or_broken_stays_as_it_was(
    ingested: Collection, tmp_path: Path
) -> None:
    write(tmp_path / "docs", bread="Bread is white now.")
    (tmp_path / "docs" / "rice.md").unlink()
    with ingested.writing():
        report = rebuild(ingested, WordEmbedder(), rechunk=True, max_bytes=10**6)
    assert [source for source, _ in report.kept] == [str(tmp_path / "docs" / "rice.md")]
    found = {
        record.title: "".join(chunk.text for chunk in ingested.manifest.chunks_of(record.source))
        for record in ingested.manifest.documents()
    }
    assert found == {"bread": "Bread is white now.", "rice": _TEXTS["rice"], "tea": _TEXTS["tea"]}
    assert verify(ingested).ok


def test_a_rebuild_that_fails_changes_nothing(ingested: Collection, tmp_path: Path) -> None:
    before = contents(ingested, WordEmbedder(), ["rice"])
    with pytest.raises(EmbedderError), ingested.writing():
        rebuild(ingested, Failing("other"), rechunk=False, max_bytes=10**6)
    assert_same(contents(ingested, WordEmbedder(), ["rice"]), before)
    assert verify(ingested).ok
    with ingested.writing():
        pass
    assert len(list(ingested.folder.glob("vectors*"))) == 1
    assert len(list((ingested.folder / "segments").iterdir())) == 1
