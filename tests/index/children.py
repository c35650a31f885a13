"""Programs that tests run in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from functools import cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from ragchat.embeddings.bundled import BundledEmbedder
from ragchat.index.collection import Collection
from ragchat.index.ingest import ingest
from ragchat.index.lock import writing
from ragchat.index.rebuild import rebuild
from ragchat.index.repair import repair
from ragchat.index.vacuum import vacuum
from tests.index.doubles import WideEmbedder, churned, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from ragchat.core.protocols import Embedder

_SQL = ("BEGIN", "COMMIT")
_BUILT_IN = frozenset({"fsync", "unlink", "rmdir"})
_PYTHON = frozenset({"upsert", "delete", "write_segment"})


def _dying(collection: Collection, die_at: str) -> None:
    """Be killed at border number `die_at`, or at the first called that; at number zero never."""
    borders = count(1)

    def die(name: str) -> None:
        if die_at in (name, str(next(borders))):
            os.kill(os.getpid(), signal.SIGKILL)

    if die_at != "0":
        _at_borders(collection, die)


def _at_borders(collection: Collection, border: Callable[[str], None]) -> None:
    """Call `border` with what is done there, wherever what is on the disk may be about to change.

    Before a transaction begins and before it ends; before and after ChromaDB writes, and a segment is written;
    before a file is synced, or one goes.
    """

    def watch(statement: str) -> None:
        if statement.startswith(_SQL):
            border(statement)

    def profile(frame: FrameType, event: str, argument: object) -> None:
        if event == "c_call":
            if (name := getattr(argument, "__name__", "")) in _BUILT_IN:
                border(name)
        elif event in ("call", "return") and frame.f_code.co_name in _PYTHON:
            border(frame.f_code.co_name)

    collection.manifest.connection.set_trace_callback(watch)
    sys.setprofile(profile)


@cache
def _embedder() -> BundledEmbedder:
    return BundledEmbedder()


def _take_in(collection: Collection, folder: str, embedder: Embedder | None = None) -> None:
    home = collection.folder.parent.parent
    ingest(collection, embedder or _embedder(), [Path(folder)], max_bytes=10**8, never=home)


def ingest_folder(home: str, folder: str, die_at: str = "0") -> None:
    """Ingest `folder`."""
    collection = Collection(Path(home))
    _dying(collection, die_at)
    _take_in(collection, folder)


def ingest_wide(home: str, folder: str, die_at: str = "0") -> None:
    """The same with vectors so wide that a few hundred are a large index."""
    collection = Collection(Path(home))
    _dying(collection, die_at)
    _take_in(collection, folder, WideEmbedder())


def ingest_in_steps(home: str, folder: str) -> None:
    """Ingest, and at each border print a line and wait for one on stdin."""
    collection = Collection(Path(home))

    def wait(_name: str) -> None:
        print("border", flush=True)  # noqa: T201 - for the test that waits
        sys.stdin.readline()

    _at_borders(collection, wait)
    _take_in(collection, folder)


def churn(home: str, folder: str, rounds: str) -> None:
    """Write the notes of each version as `tests.index.doubles.churned` has them, and ingest them."""
    collection = Collection(Path(home))
    for version in range(int(rounds)):
        there = churned(version)
        for path in Path(folder).iterdir():
            path.unlink()
        write(Path(folder), **there)
        _take_in(collection, folder)


def remove_half(home: str, die_at: str = "0") -> None:
    """Remove the documents whose size is even."""
    collection = Collection(Path(home))
    _dying(collection, die_at)
    collection.remove([record.source for record in collection.manifest.documents() if record.bytes % 2 == 0])


def rebuild_all(home: str, die_at: str = "0") -> None:
    """Read every file again and make the index anew."""
    collection = Collection(Path(home))
    _dying(collection, die_at)
    with collection.writing():
        rebuild(collection, _embedder(), rechunk=True, max_bytes=10**8)


def repair_all(home: str, die_at: str = "0") -> None:
    """Mend what is wrong."""
    collection = Collection(Path(home))
    _dying(collection, die_at)
    repair(collection, _embedder)


def vacuum_all(home: str, die_at: str = "0") -> None:
    """Give back the place of what is gone."""
    collection = Collection(Path(home))
    _dying(collection, die_at)
    vacuum(collection)


def erase(home: str, die_at: str = "0") -> None:
    """Remove the collection."""
    collection = Collection(Path(home))
    _dying(collection, die_at)
    collection.erase()


def rewrite(home: str, folder: str, rounds: str) -> None:
    """Change every file below `folder` and ingest it, again and again."""
    collection = Collection(Path(home))
    for number in range(int(rounds)):
        for path in sorted(Path(folder).iterdir()):
            path.write_text(f"# Note\n\nRice, version {number} of {path.stem}.\n" * (1 + number % 7), "utf-8")
        _take_in(collection, folder)


def remove(home: str, source: str) -> None:
    """Remove one document."""
    Collection(Path(home)).remove([source])


def hold(folder: str) -> None:
    """Hold the writer's lock until stdin ends."""
    with writing(Path(folder)):
        print("held", flush=True)  # noqa: T201 - for the test that waits
        sys.stdin.read()


def vectors(*folders: str) -> None:
    """Print what ChromaDB itself finds in each folder."""
    import chromadb
    from chromadb.config import Settings

    found = []
    for folder in folders:
        client = chromadb.PersistentClient(folder, Settings(anonymized_telemetry=False))
        found.append([name for shard in client.list_collections() for name in shard.get(include=[])["ids"]])
    print(json.dumps(found))  # noqa: T201 - for the test that reads it


def nurse() -> None:
    """Run what each line of stdin asks for in a fork, which starts at once, and print its exit status.

    A line is a list in JSON: after how many seconds to kill it, zero is never; then a program and its arguments.
    """
    import chromadb  # noqa: F401 - what takes long is done once

    _embedder()
    for line in sys.stdin:
        seconds, program, *arguments = json.loads(line)
        process = os.fork()
        if not process:
            _run_and_end(program, arguments)
        if seconds:
            time.sleep(seconds)
            os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 - for the test that waits


def _run_and_end(program: str, arguments: list[str]) -> None:
    try:
        PROGRAMS[program](*arguments)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


PROGRAMS: dict[str, Callable[..., None]] = {
    "nothing": lambda: None,
    "ingest": ingest_folder,
    "ingest_wide": ingest_wide,
    "ingest_in_steps": ingest_in_steps,
    "churn": churn,
    "remove_half": remove_half,
    "rebuild": rebuild_all,
    "repair": repair_all,
    "vacuum": vacuum_all,
    "erase": erase,
    "rewrite": rewrite,
    "remove": remove,
    "hold": hold,
    "vectors": vectors,
    "nurse": nurse,
}

if __name__ == "__main__":
    PROGRAMS[sys.argv[1]](*sys.argv[2:])
