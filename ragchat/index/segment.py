"""A segment: words and vectors of some thousand chunks, in one immutable file that is mapped into memory.

Everything a search looks at before it reads texts lies here, as arrays; the file has the safetensors format.
A segment never changes: a chunk that goes is buried in the manifest until `merging` leaves it out.
"""

from __future__ import annotations

import json
import mmap
import os
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

import numpy as np

from ragchat.index.damage import damaged

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

Array: TypeAlias = "NDArray[np.generic]"
Halves: TypeAlias = "tuple[NDArray[np.float32], NDArray[np.float32]]"

LEAD = 64
"""So many dimensions of the vectors stand together, to be looked at without the others."""

_TYPES = {"I64": "<i8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "F32": "<f4", "I8": "|i1"}
_NAMES = {np.dtype(numpy): name for name, numpy in _TYPES.items()}
_MOST_COUNTED = np.iinfo(np.uint16).max
# The head is padded, so that every array begins where its type may.
_ALIGNMENT = 64


@dataclass(frozen=True, slots=True)
class Columns:
    """What a segment is made from beside the vectors: `n` chunks in ascending order of their rows in the manifest.

    The words of chunk i are `tokens[starts[i]:starts[i + 1]]`, in the order of the text, the first `heads[i]` of
    them its heading's; a token is an index into `words`, `stems`, `kinds` and `word_vectors`.
    """

    rows: NDArray[np.int64]
    """`(n,)`"""
    documents: NDArray[np.int64]
    """`(n,)`: the row of the document each belongs to."""
    joined: NDArray[np.uint8]
    """`(n,)`: one where the next chunk goes on with the same text under the same heading."""
    heads: NDArray[np.uint16]
    """`(n,)`"""
    starts: NDArray[np.int64]
    """`(n + 1,)`"""
    tokens: NDArray[np.uint32]
    words: NDArray[np.uint32]
    """`(v,)`: the numbers of the words that occur, ascending."""
    stems: NDArray[np.uint32]
    """`(v,)`: the number of each word's term."""
    kinds: NDArray[np.uint8]
    """`(v,)`: what a word can answer, as in `words.kinds`."""
    word_vectors: NDArray[np.int8]
    """`(v, words.WIDTH)`: unit vectors times `words.SCALE`."""


@dataclass(frozen=True, slots=True)
class Segment(Columns):
    """The chunks that hold the term `terms[j]` are `postings[term_starts[j]:term_starts[j + 1]]`.

    `counts` says how often each does. The vectors, of length one or zeros, are kept in two parts.
    """

    name: str
    terms: NDArray[np.uint32]
    """Ascending, each once."""
    term_starts: NDArray[np.int64]
    postings: NDArray[np.uint32]
    """Ascending for each term."""
    counts: NDArray[np.uint16]
    leads: NDArray[np.float32]
    """`(n, at most LEAD)`: the first dimensions of the vectors."""
    rests: NDArray[np.float32]
    """`(n, width - LEAD)`: the others."""

    def __len__(self) -> int:
        return len(self.rows)


_COLUMNS = tuple(Columns.__dataclass_fields__)
_ARRAYS = tuple(name for name in Segment.__dataclass_fields__ if name != "name")


class _Entry(TypedDict):
    """What the head of the file says of an array: `data_offsets` count from the end of the head, in bytes."""

    dtype: str
    shape: list[int]
    data_offsets: list[int]


def halves(vectors: NDArray[np.float32]) -> Halves:
    """`vectors`, `(n, width)`, as a segment keeps them."""
    return vectors[:, :LEAD], vectors[:, LEAD:]


def inverted(columns: Columns) -> dict[str, Array]:
    """`terms`, `term_starts`, `postings` and `counts` of the tokens in `columns`."""
    # Sorted as one number, by term, then by chunk; all in place, for there are a hundred to a chunk.
    keys = columns.stems.astype(np.uint64)[columns.tokens]
    keys <<= np.uint64(32)
    keys |= np.repeat(np.arange(len(columns.rows), dtype=np.uint32), np.diff(columns.starts))
    keys.sort()
    firsts = (
        np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1]))) if len(keys) else np.empty(0, np.int64)
    )
    counts = np.minimum(np.diff(firsts, append=len(keys)), _MOST_COUNTED).astype(np.uint16)
    keys = keys[firsts]
    terms, term_starts = np.unique((keys >> np.uint64(32)).astype(np.uint32), return_index=True)
    return {
        "terms": terms,
        "term_starts": np.append(term_starts, len(keys)).astype(np.int64),
        "postings": keys.astype(np.uint32),  # the lower half
        "counts": counts,
    }


def write_segment(path: Path, columns: Columns, vectors: Sequence[Halves]) -> int:
    """Write `columns` with the `vectors` of their chunks, block after block; the checksum of the file.

    The file is on the disk, power cut or not, when this returns; raises `OSError`.
    """
    arrays: dict[str, Sequence[Array]] = {name: [getattr(columns, name)] for name in _COLUMNS}
    arrays |= {name: [array] for name, array in inverted(columns).items()}
    arrays["leads"], arrays["rests"] = zip(*vectors, strict=True)
    checksum = 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for block in _blocks(arrays):
            checksum = zlib.crc32(block, checksum)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    _sync_folder(path.parent)
    return checksum


def _blocks(arrays: Mapping[str, Sequence[Array]]) -> Iterator[memoryview | bytes]:
    """The bytes of a file that holds `arrays`, each given as blocks of rows; the widest types come first."""
    ordered = sorted(arrays, key=lambda name: -arrays[name][0].itemsize)
    head: dict[str, _Entry] = {}
    end = 0
    for name in ordered:
        blocks = arrays[name]
        size = sum(block.nbytes for block in blocks)
        shape = [sum(map(len, blocks)), *blocks[0].shape[1:]]
        head[name] = _Entry(dtype=_NAMES[blocks[0].dtype], shape=shape, data_offsets=[end, end + size])
        end += size
    text = json.dumps(head).encode()
    text += b" " * (-(8 + len(text)) % _ALIGNMENT)
    yield len(text).to_bytes(8, "little")
    yield text
    for name in ordered:
        for block in arrays[name]:
            if block.nbytes:
                yield np.ascontiguousarray(block).data.cast("B")


def open_segment(path: Path) -> Segment:
    """Map the file `path`; raises `FileNotFoundError`, and `IndexDamaged` for one that is no whole segment."""
    with path.open("rb") as file:
        try:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            size = int.from_bytes(mapped[:8], "little")
            head: dict[str, _Entry] = json.loads(mapped[8 : 8 + size])
            arrays: dict[str, Any] = {name: _array(mapped, 8 + size, head[name]) for name in _ARRAYS}
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise damaged(f"{path} is damaged: {error}.", path.parent.parent) from error
    return Segment(name=path.stem, **arrays)


def checksum(path: Path) -> int:
    """What `write_segment` returned, from the file as it is now; raises `OSError`."""
    value = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            value = zlib.crc32(block, value)
    return value


def _array(mapped: mmap.mmap, base: int, entry: _Entry) -> Array:
    kind = np.dtype(_TYPES[entry["dtype"]])
    start, end = entry["data_offsets"]
    return np.frombuffer(mapped, kind, (end - start) // kind.itemsize, base + start).reshape(entry["shape"])


def _sync_folder(folder: Path) -> None:
    """A new name is on the disk only when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
