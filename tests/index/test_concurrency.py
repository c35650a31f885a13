"""An open reader beside the processes that write, and many writers at once."""

from __future__ import annotations

import json
import re
import signal
from string import ascii_uppercase
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pytest

from ragchat.errors import NothingIndexed
from ragchat.index.collection import Collection
from ragchat.index.ingest import ingest
from ragchat.index.retriever import Retriever
from ragchat.index.verify import verify
from tests.index.contents import assert_same, contents
from tests.index.doubles import WideEmbedder, child, churned, finished, write
from tests.index.nursery import Nursery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ragchat.embeddings.bundled import BundledEmbedder
    from ragchat.index.ingest import IngestReport

    TakeIn: TypeAlias = Callable[..., IngestReport]


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


def _found(retriever: Retriever, question: str = "rice version", count: int = 20) -> dict[str, str]:
    """What a search finds: the texts by the title of their documents."""
    passages = retriever.search(question, count).passages
    found = {passage.chunk.source.rpartition("/")[2].removesuffix(".md"): passage.text for passage in passages}
    assert len(found) == len(passages)
    return found


def test_every_search_beside_a_writer_sees_one_moment(
    collection: Collection, take_in: TakeIn, tmp_path: Path, bundled: BundledEmbedder
) -> None:
    docs = tmp_path / "docs"
    write(docs, **churned(0))
    take_in(collection, docs)
    retriever = Retriever(collection, bundled)
    process = child("churn", tmp_path / "home", docs, 16)
    seen: set[int] = set()
    while process.poll() is None:
        found = _found(retriever)
        (version,) = {int(number) for text in found.values() for number in re.findall(r"version (\d+)", text)}
        seen.add(version)
        # What goes leaves first: then the rest of the old version is there, before the new one comes.
        rest = {name: text for name, text in churned(version).items() if name in churned(version + 1)}
        assert found in (churned(version), rest)
    finished(process)
    assert len(seen) > 1
    assert _found(retriever) == churned(15)


def test_at_every_step_of_a_writer_searches_find_the_old_or_the_new(
    collection: Collection, take_in: TakeIn, tmp_path: Path, bundled: BundledEmbedder
) -> None:
    docs = tmp_path / "docs"
    for name in "uvw":  # in segments of their own, to be merged
        write(docs, **{name: f"Rice, version old of {name}."})
        take_in(collection, docs)
    retriever = Retriever(collection, bundled)
    old = _found(retriever)
    (docs / "u.md").unlink()
    write(docs, v="Rice, version new of v.", x="Rice, version new of x.")
    new = {"v": "Rice, version new of v.", "w": old["w"], "x": "Rice, version new of x."}
    allowed = (old, {name: text for name, text in old.items() if name != "u"}, new)
    process = child("ingest_in_steps", tmp_path / "home", docs)
    assert process.stdin is not None
    assert process.stdout is not None
    steps: list[int] = []
    while process.stdout.readline():
        fresh = Collection(tmp_path / "home")
        found = _found(retriever)
        assert found in allowed
        assert found == _found(Retriever(fresh, bundled))
        fresh.close()
        steps.append(allowed.index(found))
        process.stdin.write("\n")
        process.stdin.flush()
    finished(process)
    assert steps == sorted(steps)
    assert _found(retriever) == new


def test_what_changes_in_the_middle_of_a_search_is_found_before_or_after(
    nursery: Nursery, collection: Collection, take_in: TakeIn, tmp_path: Path, bundled: BundledEmbedder
) -> None:
    docs = tmp_path / "docs"
    write(docs, a="Rice, the first.")
    take_in(collection, docs)
    retriever = Retriever(collection, bundled)
    for program in ("ingest", "rebuild"):
        changes = iter([program])

        def change(statement: str, changes: Iterator[str] = changes) -> None:
            if "FROM chunks" in statement and (program := next(changes, None)):
                write(docs, a=f"Rice, once more, by {program}.")
                assert nursery.run(program, tmp_path / "home", *([docs] if program == "ingest" else [])) == 0

        collection.manifest.connection.set_trace_callback(change)
        assert _found(retriever) == {"a": f"Rice, once more, by {program}."}
        assert next(changes, None) is None


def test_a_search_goes_on_in_segments_that_were_merged_away(
    nursery: Nursery, collection: Collection, take_in: TakeIn, tmp_path: Path
) -> None:
    for name in "abc":
        write(tmp_path / "docs", **{name: f"Rice of {name}. " * 40})
        take_in(collection, tmp_path / "docs")
    view = collection.view()
    before = view.similarities(np.ones(256, np.float32))
    write(tmp_path / "docs", a="Rice, and nothing else.")
    assert nursery.run("ingest", tmp_path / "home", tmp_path / "docs") == 0
    assert nursery.run("vacuum", tmp_path / "home") == 0
    assert not any(collection.segments.path(one.name).exists() for one in view.segments)
    assert np.array_equal(view.similarities(np.ones(256, np.float32)), before)


def test_a_collection_that_is_removed_and_made_again_is_seen_by_who_had_it_open(
    nursery: Nursery, collection: Collection, take_in: TakeIn, tmp_path: Path, bundled: BundledEmbedder
) -> None:
    write(tmp_path / "docs", a="Rice, the first.")
    take_in(collection, tmp_path / "docs")
    retriever = Retriever(collection, bundled)
    assert _found(retriever) == {"a": "Rice, the first."}
    assert nursery.run("erase", tmp_path / "home") == 0
    for _ in range(2):
        with pytest.raises(NothingIndexed):
            retriever.search("rice", 3)
    write(tmp_path / "other", b="Rice, the second.")
    assert nursery.run("ingest", tmp_path / "home", tmp_path / "other") == 0
    assert _found(retriever) == {"b": "Rice, the second."}
    assert verify(Collection(tmp_path / "home")).ok


def test_ten_ingests_at_once_make_one_index(tmp_path: Path, bundled: BundledEmbedder) -> None:
    docs = tmp_path / "docs"
    for number in range(5):
        write(docs / str(number), **{f"n{one}": f"Rice {one} of folder {number}. " * 30 for one in range(4)})
    folders = [docs, *(docs / str(number) for number in range(5)), docs, docs / "0", docs / "1", docs]
    processes = [child("ingest", tmp_path / "home", folder) for folder in folders]
    for process in processes:
        finished(process)
    alone = Collection(tmp_path / "alone")
    ingest(alone, bundled, [docs], max_bytes=10**6, never=tmp_path / "alone")
    together = Collection(tmp_path / "home")
    assert verify(together).ok
    questions = ["rice 3 of folder 2", "folder"]
    assert_same(contents(together, bundled, questions), contents(alone, bundled, questions))


def _records(folder: Path, name: str, texts: list[str]) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))


def _nearest(retriever: Retriever, letter: str, count: int = 6) -> set[str]:
    """What is found by meaning alone: a word that stands nowhere, whose letter says where to look.

    Not all of them must be: a graph is not exact.
    """
    passages = retriever.search(f"{letter}qxj", count).passages
    assert all(passage.found_by == ("dense",) for passage in passages)
    return {passage.text for passage in passages if passage.text.startswith(letter)}


def test_a_large_index_is_asked_by_its_graph_and_what_others_do_is_seen(nursery: Nursery, tmp_path: Path) -> None:
    home, docs = tmp_path / "home", tmp_path / "docs"
    base = [f"{ascii_uppercase[number % 26]} kettle {number}" for number in range(2000)]
    _records(docs, "base", base)
    _records(docs, "rye", [f"rye loaf {number}" for number in range(150)])
    assert nursery.run("ingest_wide", home, docs) == 0
    collection = Collection(home)
    retriever = Retriever(collection, WideEmbedder())
    assert len(collection.view()) * 6_500 > 50_000 * 256
    assert len(_nearest(retriever, "r")) == 6

    _records(docs, "soup", [f"soup bowl {number}" for number in range(4)])
    assert nursery.run("ingest_wide", home, docs) == 0
    assert _nearest(retriever, "s")

    # The graph that is open still leads to a hundred and more of them first.
    rest = [f"rye loaf {number}" for number in range(144, 150)]
    _records(docs, "rye", rest)
    assert nursery.run("ingest_wide", home, docs) == 0
    found = _nearest(retriever, "r")
    assert found
    assert found <= set(rest)

    assert nursery.run("erase", home) == 0
    (docs / "soup.jsonl").unlink()
    assert nursery.run("ingest_wide", home, docs) == 0
    assert _nearest(retriever, "s") == set()
    _records(docs, "tea", [f"tea cup {number}" for number in range(4)])
    assert nursery.run("ingest_wide", home, docs) == 0
    assert _nearest(retriever, "t")
    assert verify(collection).ok


def test_what_a_killed_writer_left_to_be_done_is_found_by_who_had_opened_the_graph_then(
    nursery: Nursery, tmp_path: Path
) -> None:
    home, docs = tmp_path / "home", tmp_path / "docs"
    _records(docs, "base", [f"{ascii_uppercase[number % 26]} kettle {number}" for number in range(2000)])
    assert nursery.run("ingest_wide", home, docs) == 0
    _records(docs, "soup", [f"soup bowl {number}" for number in range(4)])
    assert nursery.run("ingest_wide", home, docs, "upsert") == -signal.SIGKILL
    collection = Collection(home)
    assert len(collection.manifest.ids()) == 2004
    assert collection.manifest.is_unsettled
    retriever = Retriever(collection, WideEmbedder())
    assert _nearest(retriever, "s")
    _records(docs, "tea", [f"tea cup {number}" for number in range(4)])
    assert nursery.run("ingest_wide", home, docs) == 0
    assert _nearest(retriever, "t")
    assert _nearest(retriever, "s")
