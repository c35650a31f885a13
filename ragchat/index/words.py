"""What is kept of each word beside its number: where it lies among other words, and what it can answer."""

from __future__ import annotations

from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from ragchat.embeddings.bundled import BundledEmbedder
from ragchat.embeddings.unit import normalise
from ragchat.language.quantities import QUANTITIES_VERSION, is_date, is_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

WORDS_VERSION = f"2.{QUANTITIES_VERSION}"
"""Changes when the same word is kept otherwise."""

WIDTH = 128
"""Of the 256 dimensions of the bundled vectors, which are made so that the first ones do by themselves."""

SCALE = 254.0
"""A component of a unit vector is kept as that many times itself, in eight bits; hardly one is beyond a half."""

NUMBER, DATE, CUT = 1, 2, 4
"""Bits of a word's kind. The tokenizer of the bundled vectors cuts in pieces what is rare everywhere."""

# The words met first are the frequent ones: more would seldom be asked for again.
_MOST_KEPT = 65_536


class WordFacts:
    """The bundled vectors and the kinds of single words, whatever the documents are embedded by."""

    def __init__(self, embedder: BundledEmbedder | None = None) -> None:
        self._given = embedder
        self._rows: dict[str, int] = {}
        self._vectors = np.empty((0, WIDTH), np.int8)
        self._kinds = np.empty(0, np.uint8)

    def of(self, words: Sequence[str]) -> tuple[NDArray[np.int8], NDArray[np.uint8]]:
        """`(len(words), WIDTH)` unit vectors times `SCALE`, and `(len(words),)` kinds.

        A word without tokens has zeros. Raises `EmbedderError`.
        """
        rows = np.array([self._rows.get(word, -1) for word in words], np.int64)
        known, new = np.flatnonzero(rows >= 0), np.flatnonzero(rows < 0).tolist()
        vectors, kinds = np.empty((len(words), WIDTH), np.int8), np.empty(len(words), np.uint8)
        vectors[known], kinds[known] = self._vectors[rows[known]], self._kinds[rows[known]]
        if new:
            self._find([words[at] for at in new], new, vectors, kinds)
        return vectors, kinds

    def _find(
        self, words: Sequence[str], at: Sequence[int], vectors: NDArray[np.int8], kinds: NDArray[np.uint8]
    ) -> None:
        """Fill the rows `at` for `words` that were not asked for before, and keep them while there is room."""
        made, told = self._made(words)
        vectors[at], kinds[at] = made, told
        if len(self._vectors) < _MOST_KEPT:
            self._rows.update(zip(words, count(len(self._vectors)), strict=False))
            self._vectors = np.concatenate((self._vectors, made))
            self._kinds = np.concatenate((self._kinds, told))

    def _made(self, words: Sequence[str]) -> tuple[NDArray[np.int8], NDArray[np.uint8]]:
        vectors, tokens = self._embedder.sums(words)
        vectors = vectors[:, :WIDTH]
        normalise(vectors)
        kinds = [
            NUMBER * is_number(word) + DATE * is_date(word) + CUT * (count > 1)
            for word, count in zip(words, tokens, strict=True)
        ]
        return np.rint(np.clip(vectors * SCALE, -127, 127)).astype(np.int8), np.array(kinds, np.uint8)

    @cached_property
    def _embedder(self) -> BundledEmbedder:
        return self._given or BundledEmbedder()
