"""Whatever happens to a folder, an index that was kept up to date is the one that is made from nothing."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ragchat.index.collection import Collection
from ragchat.index.ingest import ingest
from ragchat.index.verify import verify
from tests.index.contents import assert_same, contents
from tests.index.doubles import WordEmbedder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

_NAMES = ("a.md", "b.md", "c.txt", "sub/a.md", "sub/d.jsonl")
_TEXTS = (
    "Bread is brown.",
    "Cakes are iced.",  # as long as bread
    "# Rice\n\n" + "Rice is rinsed and steamed. " * 40 + "\n\n## Cold\n\n" + "It is fried the day after. " * 40,
    "# Rice\n\n" + "Rice is rinsed and steamed. " * 40 + "\n\n## Cold\n\n" + "It is thrown to the birds. " * 40,
    '{"text": "Soup of leek."}\n{"text": "Soup of leek."}\n',
    "",
    "\x00\x01",
)
_QUESTIONS = ("rice the day after", "bread", "leek soup")


def _path(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True, parents=True)
    return path


def _write(folder: Path, name: str, other: str, text: str) -> None:
    _path(folder, name).write_text(text)


def _remove(folder: Path, name: str, other: str, text: str) -> None:
    _path(folder, name).unlink(missing_ok=True)


def _move(folder: Path, name: str, other: str, text: str) -> None:
    if _path(folder, name).exists():
        _path(folder, name).rename(_path(folder, other))


def _swap(folder: Path, name: str, other: str, text: str) -> None:
    if name != other and _path(folder, name).exists() and _path(folder, other).exists():
        _path(folder, name).rename(folder / "between")
        _path(folder, other).rename(_path(folder, name))
        (folder / "between").rename(_path(folder, other))


def _copy(folder: Path, name: str, other: str, text: str) -> None:
    if name != other and _path(folder, name).exists():
        shutil.copy2(_path(folder, name), _path(folder, other))


def _touch(folder: Path, name: str, other: str, text: str) -> None:
    if _path(folder, name).exists():
        os.utime(_path(folder, name))


def _same_time(folder: Path, name: str, other: str, text: str) -> None:
    """As an archive is unpacked: all files with one time."""
    for path in folder.rglob("*.*"):
        os.utime(path, ns=(10**18, 10**18))


def _move_folder(folder: Path, name: str, other: str, text: str) -> None:
    if (folder / "sub").exists() and not (folder / "sub2").exists():
        (folder / "sub").rename(folder / "sub2")


_EDITS: tuple[Callable[[Path, str, str, str], None], ...] = (
    _write, _write, _write, _remove, _move, _swap, _copy, _touch, _same_time, _move_folder,
)  # fmt: skip
_STEPS = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from(_EDITS), st.sampled_from(_NAMES), st.sampled_from(_NAMES), st.sampled_from(_TEXTS)
        ),
        min_size=1,
        max_size=6,
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=_STEPS)
def test_after_any_edits_the_index_is_the_one_made_from_nothing(
    steps: list[list[tuple[Callable[[Path, str, str, str], None], str, str, str]]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("any")
    docs, embedder = folder / "docs", WordEmbedder()
    docs.mkdir()
    kept = Collection(folder / "kept")
    for number, edits in enumerate(steps):
        for edit, name, other, text in edits:
            edit(docs, name, other, text)
        anew = Collection(folder / f"anew-{number}")
        for collection in (kept, anew):
            ingest(collection, embedder, [docs], max_bytes=10**6, never=collection.folder)
        assert_same(contents(kept, embedder, _QUESTIONS), contents(anew, embedder, _QUESTIONS))
        anew.close()
    assert verify(kept).ok
    kept.close()
    shutil.rmtree(folder)
