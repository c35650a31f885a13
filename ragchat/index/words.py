"""What is kept of each word beside its number: where it lies among other words, and what it can answer."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ragchat.embeddings.bundled import BundledEmbedder
from ragchat.language.quantities import QUANTITIES_VERSION, is_date, is_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

WORDS_VERSION = f"1.{QUANTITIES_VERSION}"
"""Changes when the same word is kept otherwise."""

WIDTH = 128
"""Of the 256 dimensions of the bundled vectors, which are made so that the first ones do by themselves."""

NUMBER, DATE = 1, 2
"""Bits of a word's kind."""

# The words met first are the frequent ones: more would seldom be asked for again.
_MOST_KEPT = 65_536


class WordVectors:
    """The bundled vectors of single words, whatever the documents are embedded by."""

    def __init__(self, embedder: BundledEmbedder | None = None) -> None:
        self._given = embedder
        self._kept: dict[str, NDArray[np.float16]] = {}

    def of(self, words: Sequence[str]) -> NDArray[np.float16]:
        """`(len(words), WIDTH)`: unit vectors, zeros for a word without tokens; raises `EmbedderError`."""
        new = [word for word in words if word not in self._kept]
        made = self._made(new)
        if len(self._kept) + len(new) <= _MOST_KEPT:
            self._kept.update(zip(new, made, strict=True))
        found = dict(zip(new, made, strict=True))
        rows = [found[word] if word in found else self._kept[word] for word in words]
        return np.array(rows, np.float16).reshape(len(words), WIDTH)

    def are_cut(self, words: Sequence[str]) -> list[bool]:
        """Which of `words` the tokenizer of the bundled vectors cuts in pieces: those are rare everywhere."""
        return [count > 1 for count in self._embedder.token_counts(words)]

    def _made(self, words: Sequence[str]) -> NDArray[np.float16]:
        vectors = self._embedder.embed_documents(words)[:, :WIDTH]
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        units: NDArray[np.float32] = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
        return units.astype(np.float16)

    @cached_property
    def _embedder(self) -> BundledEmbedder:
        return self._given or BundledEmbedder()


def kinds(words: Sequence[str]) -> NDArray[np.uint8]:
    """`(len(words),)`: the bits `NUMBER` and `DATE` of each."""
    return np.array([NUMBER * is_number(word) + DATE * is_date(word) for word in words], np.uint8)
