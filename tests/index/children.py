"""Programs that tests run in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import sys
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from ragchat.embeddings.bundled import BundledEmbedder
from ragchat.index.collection import Collection
from ragchat.index.ingest import ingest
from ragchat.index.lock import writing

if TYPE_CHECKING:
    from collections.abc import Callable

_BORDERS = ("BEGIN", "COMMIT")


def ingest_folder(home: str, folder: str, die_at: str = "0") -> None:
    """Ingest; killed just before the border number `die_at` of a transaction, zero is never."""
    collection = Collection(Path(home))
    borders = count(1)

    def watch(statement: str) -> None:
        if statement.startswith(_BORDERS) and next(borders) == int(die_at):
            os.kill(os.getpid(), signal.SIGKILL)

    collection.manifest.connection.set_trace_callback(watch)
    ingest(collection, BundledEmbedder(), [Path(folder)], max_bytes=10**6, never=Path(home))


def rewrite(home: str, folder: str, rounds: str) -> None:
    """Change every file below `folder` and ingest it, again and again."""
    collection = Collection(Path(home))
    for number in range(int(rounds)):
        for path in sorted(Path(folder).iterdir()):
            path.write_text(f"# Note\n\nRice, version {number} of {path.stem}.\n" * (1 + number % 7), "utf-8")
        ingest(collection, BundledEmbedder(), [Path(folder)], max_bytes=10**6, never=Path(home))


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
        found.append(client.get_collection("chunks", embedding_function=None).get(include=[])["ids"])
    print(json.dumps(found))  # noqa: T201 - for the test that reads it


PROGRAMS: dict[str, Callable[..., None]] = {
    "ingest": ingest_folder,
    "rewrite": rewrite,
    "remove": remove,
    "hold": hold,
    "vectors": vectors,
}

if __name__ == "__main__":
    PROGRAMS[sys.argv[1]](*sys.argv[2:])
