"""Documents that say the same, or nearly the same, as another one.

Near ones are found by MinHash over runs of three terms, and bands of it (Broder 1997; Leskovec, Rajaraman, Ullman:
Mining of Massive Datasets, chapter 3). In numpy: `datasketch` does the same and needs scipy, a wheel of 35 MB.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from ragchat.index.manifest import Manifest
    from ragchat.index.prepare import Words

# A shorter text is like another one by chance.
_LEAST_TERMS = 20
_PLACES = 64
# Of 64 places, a share of .9. Signatures that agree in 58 differ in six: two of eight bands at least are equal,
# and no such pair is missed.
_SIMILAR = 58
_BANDS = 8
# So many earlier documents with an equal band are looked at; a template could give thousands.
_MOST_CANDIDATES = 32
# Runs, or pairs of signatures, in memory at once.
_BLOCK = 1_024
# Odd numbers, the same on every machine and for ever: signatures of two releases are compared.
_ODD = np.frombuffer(hashlib.shake_128(b"ragchat near duplicates").digest(8 * 80), "<u8") | np.uint64(1)
_TERM = _ODD[:4]
_BAND = _ODD[4:12]
_FACTORS, _OFFSETS = _ODD[16:].astype(np.uint32)[:, None], (_ODD[16:] >> np.uint64(32)).astype(np.uint32)[:, None]

_DOCUMENTS = """
    SELECT source, digest, signature, source IN (SELECT value FROM json_each(?)) AS fresh FROM documents d
    WHERE EXISTS (SELECT 1 FROM chunks WHERE document = d.row) ORDER BY fresh, source
"""


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Documents by source, each once, with the first one of its kind.

    Those that are `similar` come with the share of their runs that both have (the Jaccard index), estimated with
    a standard error of .04.
    """

    exact: tuple[tuple[str, str], ...] = ()
    similar: tuple[tuple[str, str, float], ...] = ()


def signature(words: Words) -> bytes:
    """By what near duplicates are found: 64 minima of 4 bytes; empty for a text of less than twenty terms.

    Headings do not count: they name the file where it has no title, and are repeated in each chunk.
    """
    terms = _text_terms(words)
    if len(terms) < _LEAST_TERMS:
        return b""
    runs = terms[:-2] * _TERM[0] + terms[1:-1] * _TERM[1] + terms[2:] * _TERM[2]
    hashes = ((runs ^ runs >> np.uint64(32)) * _TERM[3] >> np.uint64(32)).astype(np.uint32)
    blocks = [hashes[start : start + _BLOCK] for start in range(0, len(hashes), _BLOCK)]
    minima = np.array([(_FACTORS * block + _OFFSETS).min(axis=1) for block in blocks], "<u4")
    found: bytes = minima.min(axis=0).tobytes()
    return found


def find_duplicates(manifest: Manifest, fresh: Iterable[str]) -> Duplicates:
    """The documents among `fresh` that say what another one says; what was there before is the first of a kind."""
    firsts: dict[str, str] = {}
    exact: list[tuple[str, str]] = []
    sources: list[str] = []
    signatures = bytearray()
    known = 0
    with manifest.snapshot():
        for source, digest, signed, is_fresh in manifest.connection.execute(_DOCUMENTS, (json.dumps([*fresh]),)):
            first = firsts.setdefault(digest or source, source)
            if first == source and signed:
                sources.append(source)
                signatures += signed
                known += not is_fresh
            elif first != source and is_fresh:
                exact.append((source, first))
    pairs = _similar(np.frombuffer(signatures, "<u4").reshape(-1, _PLACES), known)
    similar = [(sources[one], sources[other], agreeing / _PLACES) for one, other, agreeing in pairs]
    return Duplicates(tuple(exact), tuple(similar))


def _text_terms(words: Words) -> NDArray[np.uint64]:
    """`(n,)`: the hash of each term of the text, in order."""
    lengths = np.diff(words.starts)
    place = np.arange(len(words.tokens)) - np.repeat(words.starts[:-1], lengths)
    hashes = np.array([zlib.crc32(term.encode("utf-8", "surrogatepass")) for term in words.terms], np.uint64)
    return hashes[words.tokens[place >= np.repeat(words.heads, lengths)]]


def _similar(signatures: NDArray[np.uint32], known: int) -> list[tuple[int, int, int]]:
    """Each row from `known` on that is like an earlier one, the first such, and in how many places they agree."""
    count = len(signatures)
    firsts, agreeing = np.full(count, count), np.zeros(count, np.int64)
    for band in np.split(signatures, _BANDS, axis=1):
        keys = band.astype(np.uint64) @ _BAND
        rows = np.argsort(keys, kind="stable")
        for _ in range(_MOST_CANDIDATES):
            rows, leaders, waiting = _led(keys, rows, firsts, known)
            if not len(rows):
                break
            ones, others = rows[waiting], leaders[waiting]
            agree = _agreement(signatures, ones, others)
            like = agree >= _SIMILAR
            firsts[ones[like]], agreeing[ones[like]] = others[like], agree[like]
            rows = rows[rows != leaders]
    found = np.flatnonzero(firsts < count)
    return list(zip(found.tolist(), firsts[found].tolist(), agreeing[found].tolist(), strict=True))


def _led(
    keys: NDArray[np.uint64], rows: NDArray[np.int64], firsts: NDArray[np.int64], known: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Of `rows`, by key, the groups of one key in which a row waits for an earlier one that is like it.

    With the first of its group for each row, and which rows wait.
    """
    if not len(rows):
        return rows, rows, np.empty(0, np.bool_)
    starts = np.flatnonzero(np.concatenate(([True], np.diff(keys[rows]) != 0)))
    sizes = np.diff(starts, append=len(rows))
    leaders = np.repeat(rows[starts], sizes)
    waiting = (rows >= known) & (leaders < np.minimum(rows, firsts[rows]))
    there = np.repeat(np.logical_or.reduceat(waiting, starts), sizes)
    return rows[there], leaders[there], waiting[there]


def _agreement(
    signatures: NDArray[np.uint32], ones: NDArray[np.int64], others: NDArray[np.int64]
) -> NDArray[np.int64]:
    """`(n,)`: in how many places each of `ones` agrees with the one of `others`."""
    found = np.empty(len(ones), np.int64)
    for start in range(0, len(ones), _BLOCK):
        block = slice(start, start + _BLOCK)
        found[block] = (signatures[ones[block]] == signatures[others[block]]).sum(axis=1)
    return found
