"""The embedder that is always there: static word vectors that come inside the `wordllama` package.

A text has the direction of the mean of its tokens' vectors. The package's own loader looks for its files in the
wrong folder when it is offline, and pads a batch to its longest text, so only its data is used: 32,000 token
vectors of width 256 and the tokenizer, about 18 MB, read in a fifth of a second.
"""

from __future__ import annotations

from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from ragchat.errors import EmbedderError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from tokenizers import Encoding

WIDTH = 256
FINGERPRINT = "bundled/wordllama-l2-supercat-256"

_WEIGHTS = Path("weights/l2_supercat_256.safetensors")
_TOKENIZER = Path("tokenizers/l2_supercat_tokenizer_config.json")
# The tokenizer's time grows faster than its text: long texts are given to it in pieces.
_PIECE = 16_384
# The vectors of all tokens of so many texts are in memory at once.
_TOGETHER = 64
_FEW = 16


class BundledEmbedder:
    """`Embedder` over the packaged vectors; raises `EmbedderError` when the package is damaged."""

    def __init__(self) -> None:
        folder = _package_folder()
        try:
            (self._vectors,) = load_file(folder / _WEIGHTS).values()
            self._tokenizer = Tokenizer.from_file(str(tokenizer_file()))
        except Exception as error:  # tokenizers raises bare Exception
            raise EmbedderError(
                f"The bundled embedder's files in {folder} cannot be read.",
                "Install the package again: pip install --force-reinstall wordllama",
            ) from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    @property
    def fingerprint(self) -> str:
        """One model, whatever the machine."""
        return FINGERPRINT

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """`(len(texts), 256)` unit vectors; a text without tokens gives zeros."""
        vectors = np.zeros((len(texts), WIDTH), dtype=np.float32)
        if len(texts) > _FEW and self._vectors.dtype != np.float32:
            # Half precision is added more slowly; for a question it takes longer to convert than to add.
            self._vectors = self._vectors.astype(np.float32)
        for start in range(0, len(texts), _TOGETHER):
            self._sum(texts[start : start + _TOGETHER], vectors[start : start + _TOGETHER])
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        np.divide(vectors, norms, out=vectors, where=norms > 0)
        return vectors

    def _sum(self, texts: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Add the vectors of the tokens of each text to its row: the sum has the direction of the mean."""
        pieces = [(row, tokens) for row, tokens in self._tokens(texts) if tokens]
        if not pieces:
            return
        rows = np.array([row for row, _ in pieces])
        starts = np.cumsum([0, *(len(tokens) for _, tokens in pieces[:-1])])
        tokens = np.fromiter(chain.from_iterable(tokens for _, tokens in pieces), np.int64)
        np.add.at(vectors, rows, np.add.reduceat(self._vectors[tokens], starts, axis=0, dtype=np.float32))

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """`(256,)`: questions and documents are embedded alike."""
        row: NDArray[np.float32] = self.embed_documents([text])[0]
        return row

    def token_counts(self, words: Sequence[str]) -> list[int]:
        """Into how many tokens each of some words is cut."""
        return [len(encoding) for encoding in self._encoded([_sound(word) for word in words])]

    def token_ends(self, text: str) -> list[int]:
        """Where in `text` each of its tokens ends, in characters: as many as the text has tokens.

        Several tokens can spell one character; all of them end behind it.
        """
        return [
            at + end
            for at in range(0, len(text), _PIECE)
            for _, end in self._tokenizer.encode(_sound(text[at : at + _PIECE]), add_special_tokens=False).offsets
        ]

    def _tokens(self, texts: Sequence[str]) -> Iterator[tuple[int, list[int]]]:
        """The tokens of each piece, with the row of its text."""
        whole = [_sound(text) for text in texts]
        pieces = [
            (row, text[at : at + _PIECE]) for row, text in enumerate(whole) for at in range(0, len(text), _PIECE)
        ]
        for (row, _), encoding in zip(pieces, self._encoded([piece for _, piece in pieces]), strict=True):
            yield row, encoding.ids

    def _encoded(self, texts: Sequence[str]) -> list[Encoding]:
        if len(texts) > _FEW:
            return self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        # For a question it takes longer to wake the threads than to do without.
        return [self._tokenizer.encode(text, add_special_tokens=False) for text in texts]


def _sound(text: str) -> str:
    """Half a character, which an argument or a JSON file can hold, is more than the tokenizer takes."""
    return text.encode("utf-8", "replace").decode()


def tokenizer_file() -> Path:
    """Where the tokenizer lies; raises `EmbedderError`."""
    return _package_folder() / _TOKENIZER


def _package_folder() -> Path:
    # Found, not imported: the import alone takes longer than the reading.
    spec = find_spec("wordllama")
    if spec is None or not spec.submodule_search_locations:
        raise EmbedderError("The package `wordllama` is missing.", "Install ragchat again.")
    return Path(spec.submodule_search_locations[0])
