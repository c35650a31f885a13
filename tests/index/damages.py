"""What can happen to the files of a collection behind our back; the collection is closed meanwhile."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
from chromadb.api.client import Client
from chromadb.config import Settings, System

from ragchat.index.segment import Segment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chromadb.api.models.Collection import Collection as Chroma


def _segment(folder: Path) -> Path:
    return max((folder / "segments").iterdir(), key=lambda path: path.stat().st_size)


def delete_segment(folder: Path) -> None:
    _segment(folder).unlink()


def cut_segment(folder: Path) -> None:
    path = _segment(folder)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty_segment(folder: Path) -> None:
    _segment(folder).write_bytes(b"")


def flip_in_array(name: str) -> Callable[[Path], None]:
    """One that flips a high bit of a number in the middle of an array of a segment."""

    def flip(folder: Path) -> None:
        data = bytearray(_segment(folder).read_bytes())
        size = int.from_bytes(data[:8], "little")
        array = json.loads(data[8 : 8 + size])[name]
        (start, end), wide = array["data_offsets"], int(array["dtype"][1:]) // 8
        data[8 + size + start + (end - start) // wide // 2 * wide + wide - 1] ^= 0x40
        _segment(folder).write_bytes(data)

    flip.__name__ = f"flip_{name}"
    return flip


def flip_in_head(folder: Path) -> None:
    data = bytearray(_segment(folder).read_bytes())
    data[20] ^= 1
    _segment(folder).write_bytes(data)


def forget_segments(folder: Path) -> None:
    _change(folder, "DELETE FROM segments")


def exhume(folder: Path) -> None:
    """Rows that are gone come to life again."""
    _change(folder, "DELETE FROM buried")


def bury(folder: Path) -> None:
    _change(folder, "INSERT INTO buried SELECT min(row) FROM chunks")


def renumber_terms(folder: Path) -> None:
    _change(folder, "UPDATE terms SET id = id + 1000000 WHERE id % 2")


def delete_vectors(folder: Path) -> None:
    with_chroma(folder, lambda chroma: chroma.delete(ids=chroma.get(include=[])["ids"][:3]))


def add_strange_vectors(folder: Path) -> None:
    row = np.ones((1, 256), np.float32)
    with_chroma(folder, lambda chroma: chroma.add(ids=["nobody"], embeddings=row))


def change_vector(folder: Path) -> None:
    row = np.ones((1, 256), np.float32)
    with_chroma(folder, lambda chroma: chroma.update(ids=chroma.get(include=[])["ids"][:1], embeddings=row))


def remove_chromadb(folder: Path) -> None:
    shutil.rmtree(folder / "vectors")


def break_chromadb(folder: Path) -> None:
    (folder / "vectors" / "chroma.sqlite3").write_bytes(b"no database" * 10_000)


def delete_graph(folder: Path) -> None:
    """ChromaDB keeps its graph, and the vectors in it, in a folder beside its database."""
    for path in (folder / "vectors").iterdir():
        if path.is_dir():
            shutil.rmtree(path)


def delete_graph_data(folder: Path) -> None:
    for path in (folder / "vectors").glob("*/data_level0.bin"):
        path.unlink()


def with_chroma(folder: Path, change: Callable[[Chroma], object]) -> None:
    """Do something with ChromaDB's own client."""
    path = str(folder / "vectors")
    system = System(Settings(anonymized_telemetry=False, is_persistent=True, persist_directory=path))
    system.start()
    change(Client.from_system(system).get_collection("chunks-1", embedding_function=None))
    system.stop()


def _change(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "index.db")) as connection, connection:
        connection.execute(statement)


ARRAYS = tuple(name for name in Segment.__dataclass_fields__ if name != "name")
DAMAGES: tuple[Callable[[Path], None], ...] = (
    delete_segment,
    cut_segment,
    empty_segment,
    flip_in_head,
    *map(flip_in_array, ARRAYS),
    forget_segments,
    exhume,
    bury,
    renumber_terms,
    delete_vectors,
    add_strange_vectors,
    change_vector,
    remove_chromadb,
    break_chromadb,
    delete_graph,
    delete_graph_data,
)
