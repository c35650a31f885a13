"""The vectors of a collection in ChromaDB; the only file that knows ChromaDB.

Only ids and vectors are kept there: with texts and metadata it writes four times slower, and both would
stand on the disk twice. Two processes must never write to one folder at once (it loses vectors silently):
`index.lock` sees to that. An open client does not see what another process wrote: `reopen` does. Chroma's
own cache would hand the old client out again, and never closes one, so each client here has its own system.
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

_NAME = "chunks"
_WRITING = ("written", "removed")
# SQLite's numbers for a file that is damaged, or none of its own.
_DAMAGED = re.compile(r"\(code: (?:11|26)\)")
# Under 5,461, Chroma's own limit, and over 500, where its speed stops growing.
_BATCH = 2_000


class Vectors:
    """The vectors below `folder`, made if there are none; raises `IndexDamaged`, as each of its uses may."""

    def __init__(self, folder: Path) -> None:
        self._folder = private_folder(folder)
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
            self._collection = self._made()

    def _made(self) -> ChromaCollection:
        return self._client.get_or_create_collection(
            _NAME,
            # None, or Chroma would load, and first download, a model of its own.
            embedding_function=None,
            # Chroma makes a graph of all vectors, and with its usual settings that is half of an ingest. Nobody
            # asks it here: segments are searched quicker and miss less (`nearest`).
            configuration={"hnsw": {"space": "cosine", "ef_construction": 32, "max_neighbors": 8}},
        )

    def close(self) -> None:
        """Let go of the files; Chroma's cache would hold them as long as the process lives."""
        self._system.stop()

    def clear(self) -> None:
        """Forget everything, the width of the vectors included."""
        with self._sound("cleared"):
            self._client.delete_collection(_NAME)
            self._collection = self._made()

    def add(self, ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Keep row n of `vectors` under `ids[n]`; an id that is there already is overwritten."""
        with self._sound("written"):
            for start in range(0, len(ids), _BATCH):
                stop = start + _BATCH
                self._collection.upsert(ids=list(ids[start:stop]), embeddings=vectors[start:stop])

    def remove(self, ids: Sequence[str]) -> None:
        """Forget `ids`; those that are not there do not matter."""
        with self._sound("removed"):
            for start in range(0, len(ids), _BATCH):
                self._collection.delete(ids=list(ids[start : start + _BATCH]))

    def all(self) -> Iterator[tuple[list[str], NDArray[np.float32]]]:
        """All ids whose vector can be read, with the vectors `(n, width)`, some at a time.

        Each is read: Chroma's own count is right even when the file that holds the vectors is gone.
        """
        with self._sound("read"):
            seen = 0
            while (found := self._collection.get(limit=_BATCH, offset=seen, include=["embeddings"]))["ids"]:
                seen += len(found["ids"])
                yield found["ids"], np.asarray(found["embeddings"], np.float32)

    def ids(self) -> set[str]:
        """All ids whose vector can be read."""
        return {name for names, _ in self.all() for name in names}

    def get(self, ids: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The vector of each of `ids` that is there."""
        with self._sound("read"):
            found = self._collection.get(ids=list(ids), include=["embeddings"])
        vectors = found["embeddings"]
        return {} if vectors is None else dict(zip(found["ids"], np.asarray(vectors, np.float32), strict=True))

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
