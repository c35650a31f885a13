"""The vectors of a collection in ChromaDB; the only file that knows ChromaDB.

Only ids and vectors are kept there: with texts and metadata it writes four times slower, and both would
stand on the disk twice. ChromaDB holds all vectors of one of its collections in memory, and as much again for
their graph and ids: so there are several, the shards, of which one is open while they are written and read.

Two processes must never write to one folder at once (it loses vectors silently): `index.lock` sees to that. An
open client does not see what another process wrote. Chroma's own cache would hand the old client out again, and
never closes one, so each client here has its own system.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from chromadb.api.client import Client
from chromadb.config import Settings, System
from chromadb.errors import ChromaError

from ragchat.errors import StorageError
from ragchat.index.damage import damaged
from ragchat.storage.database import private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from chromadb.api.models.Collection import Collection as ChromaCollection
    from numpy.typing import NDArray

_NAME = "chunks-"
_WRITING = ("written", "removed")
# SQLite's numbers for a file that is damaged, or none of its own.
_DAMAGED = re.compile(r"\(code: (?:11|26)\)")
# Under 5,461, Chroma's own limit, and over 500, where its speed stops growing.
_BATCH = 2_000
SHARD = 64_000
"""Vectors in one shard: some 100 MB of memory where they are 256 wide."""


class Vectors:
    """The vectors below `folder`, made if there are none, `shard` of them in each shard.

    Raises `IndexDamaged`, as each of its uses may.
    """

    def __init__(self, folder: Path, *, shard: int = SHARD) -> None:
        self._folder = private_folder(folder)
        self._most = shard
        self._open()

    @property
    def name(self) -> str:
        """What the folder is called."""
        return self._folder.name

    def _open(self) -> None:
        self._system = System(
            Settings(anonymized_telemetry=False, is_persistent=True, persist_directory=str(self._folder))
        )
        # At its opening its Rust core raises what it likes.
        with self._sound("opened", Exception):
            self._system.start()
            self._client = Client.from_system(self._system)
            names = [one.name for one in self._client.list_collections()]
            self._shards = sorted(_number(name) for name in names if name.startswith(_NAME))
        self._shard: ChromaCollection | None = None

    def _reached(self, number: int) -> ChromaCollection:
        """The shard of this number; ChromaDB lets go of the one before only when it is closed."""
        if self._shard and _number(self._shard.name) != number:
            self.close()
            self._open()
        if not self._shard:
            self._shard = self._found(number)
        return self._shard

    def _found(self, number: int) -> ChromaCollection:
        # With None, or Chroma would load, and first download, a model of its own.
        return self._client.get_collection(f"{_NAME}{number}", embedding_function=None)

    def _made(self) -> int:
        """A new shard, behind the others."""
        number = max(self._shards, default=0) + 1
        self._client.create_collection(
            f"{_NAME}{number}",
            embedding_function=None,
            # Chroma makes a graph of all vectors, and with its usual settings that is half of an ingest. Nobody
            # asks it here: segments are searched quicker and miss less (`nearest`).
            configuration={"hnsw": {"space": "cosine", "ef_construction": 32, "max_neighbors": 8}},
        )
        self._shards.append(number)
        return number

    def close(self) -> None:
        """Let go of the files; Chroma's cache would hold them as long as the process lives."""
        self._system.stop()

    def clear(self) -> None:
        """Forget everything, the width of the vectors included."""
        with self._sound("cleared"):
            while self._shards:
                self._client.delete_collection(f"{_NAME}{self._shards.pop()}")
        self._shard = None

    def add(self, ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Keep row n of `vectors` under `ids[n]`; none of the ids may be there already."""
        with self._sound("written"):
            start = 0
            while start < len(ids):
                shard, room = self._last()
                stop = start + min(room, _BATCH)
                shard.upsert(ids=list(ids[start:stop]), embeddings=vectors[start:stop])
                start = stop

    def _last(self) -> tuple[ChromaCollection, int]:
        """The shard that is being filled, and how many more it takes."""
        shard = self._reached(self._shards[-1] if self._shards else self._made())
        room = self._most - shard.count()
        return (shard, room) if room > 0 else (self._reached(self._made()), self._most)

    def remove(self, ids: Sequence[str]) -> None:
        """Forget `ids`; those that are not there do not matter."""
        with self._sound("removed"):
            for number in self._shards:
                for start in range(0, len(ids), _BATCH):
                    # Asked for ids alone, a shard need not be loaded.
                    here = self._found(number).get(ids=list(ids[start : start + _BATCH]), include=[])["ids"]
                    if here:
                        self._reached(number).delete(ids=here)

    def all(self) -> Iterator[tuple[list[str], NDArray[np.float32]]]:
        """All ids whose vector can be read, with the vectors `(n, width)`, some at a time.

        Each is read: Chroma's own count is right even when the file that holds the vectors is gone.
        """
        with self._sound("read"):
            for number in self._shards:
                shard, seen = self._reached(number), 0
                while (found := shard.get(limit=_BATCH, offset=seen, include=["embeddings"]))["ids"]:
                    seen += len(found["ids"])
                    yield found["ids"], np.asarray(found["embeddings"], np.float32)

    def ids(self) -> set[str]:
        """All ids whose vector can be read."""
        return {name for names, _ in self.all() for name in names}

    def get(self, ids: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The vector of each of `ids` that is there."""
        held: dict[str, NDArray[np.float32]] = {}
        with self._sound("read"):
            for number in self._shards:
                found = self._found(number).get(ids=list(ids), include=["embeddings"])
                if found["ids"]:
                    held |= zip(found["ids"], np.asarray(found["embeddings"], np.float32), strict=True)
        return held

    @contextmanager
    def _sound(self, done: str, error: type[Exception] = ChromaError) -> Iterator[None]:
        try:
            yield
        except error as raised:
            # Chroma may stumble over its own failure to open.
            message = f"The vectors in {self._folder} cannot be {done}: {raised.__context__ or raised}."
            if done in _WRITING and not _DAMAGED.search(str(raised)):
                # A full disk speaks in many ways here.
                raise StorageError(
                    message,
                    "If the disk is full, free some space and run the same again; else `ragchat index repair`.",
                ) from raised
            raise damaged(message, self._folder.parent) from raised


def _number(name: str) -> int:
    return int(name.removeprefix(_NAME))
