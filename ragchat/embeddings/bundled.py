"""The embedder that is always there: static word vectors that come inside the `wordllama` package.

A text has the direction of the mean of its tokens' vectors. The package's own loader looks for its files in the
wrong folder when it is offline, and pads a batch to its longest text, so only its data is used: 32,000 token
vectors of width 256 and the tokenizer, about 18 MB. Questions and words are cut by `BytePairs`, for which somebody
waits; the library is loaded where there is more to cut.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors import safe_open

from ragchat.embeddings.byte_pairs import BytePairs
from ragchat.embeddings.unit import normalise
from ragchat.errors import EmbedderError
from ragchat.language.surrogates import encodable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from tokenizers import Tokenizer

WIDTH = 256
FINGERPRINT = "bundled/wordllama-l2-supercat-256"

_WEIGHTS = Path("weights/l2_supercat_256.safetensors")
_TOKENIZER = Path("tokenizers/l2_supercat_tokenizer_config.json")
# The tokenizer's time grows faster than its text: long texts are given to it in pieces.
_PIECE = 16_384
# The tokens of so many pieces are in memory at once.
_TOGETHER = 64
_FEW = 16
# Characters: longer texts are cut sooner by the library, though it has to be loaded.
_SHORT = 4_096


class BundledEmbedder:
    """`Embedder` over the packaged vectors; every method raises `EmbedderError` when the package is damaged."""

    def __init__(self) -> None:
        # Mapped, and not read as `load_file` does: it takes a quarter of the time.
        with _whole_package(), safe_open(_package_folder() / _WEIGHTS, "np") as weights:
            (self._vectors,) = (weights.get_tensor(name) for name in weights.keys())  # noqa: SIM118  # no mapping

    def warm_up(self) -> None:
        """Load what the first question would wait for."""
        _ = self._pairs

    @property
    def fingerprint(self) -> str:
        """One model, whatever the machine."""
        return FINGERPRINT

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """`(len(texts), 256)` unit vectors; a text without tokens gives zeros."""
        vectors, _ = self.sums(texts)
        normalise(vectors)
        return vectors

    def sums(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], list[int]]:
        """The sum of the vectors of each text's tokens, `(len(texts), 256)`, and how many there are."""
        counts = [0] * len(texts)
        vectors = np.zeros((len(texts), WIDTH), dtype=np.float32)
        if len(texts) > _FEW and self._vectors.dtype != np.float32:
            # Half precision is added more slowly; for a question it takes longer to convert than to add.
            self._vectors = self._vectors.astype(np.float32)
        for row, tokens in self._tokens(texts):
            # Several texts at once are no faster (tried: reduceat).
            vectors[row] += self._vectors.take(tokens, axis=0).sum(axis=0, dtype=np.float32)
            counts[row] += len(tokens)
        return vectors, counts

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """`(256,)`: questions and documents are embedded alike."""
        row: NDArray[np.float32] = self.embed_documents([text])[0]
        return row

    def token_ends(self, text: str) -> list[int]:
        """Where in `text` each of its tokens ends, in characters: as many as the text has tokens.

        Several tokens can spell one character; all of them end behind it.
        """
        pieces = [encodable(text[at : at + _PIECE]) for at in range(0, len(text), _PIECE)]
        return [
            number * _PIECE + end
            for number, piece in enumerate(pieces)
            for _, end in self._library.encode(piece, add_special_tokens=False).offsets
        ]

    def _tokens(self, texts: Sequence[str]) -> Iterator[tuple[int, list[int]]]:
        """The tokens of each piece that has any, with the row of its text."""
        pieces = [
            (row, text[at : at + _PIECE])
            for row, text in enumerate(map(encodable, texts))
            for at in range(0, len(text), _PIECE)
        ]
        for start in range(0, len(pieces), _TOGETHER):
            some = pieces[start : start + _TOGETHER]
            for (row, _), tokens in zip(some, self._encoded([piece for _, piece in some]), strict=True):
                if tokens:
                    yield row, tokens

    def _encoded(self, texts: Sequence[str]) -> list[list[int]]:
        if len(texts) > _FEW:
            return [encoding.ids for encoding in self._library.encode_batch_fast(texts, add_special_tokens=False)]
        if "_library" not in self.__dict__ and sum(map(len, texts)) <= _SHORT:
            return [self._pairs.ids(text) for text in texts]
        # For a few texts it takes longer to wake the threads than to do without.
        return [self._library.encode(text, add_special_tokens=False).ids for text in texts]

    @cached_property
    def _pairs(self) -> BytePairs:
        with _whole_package():
            return BytePairs(tokenizer_file())

    @cached_property
    def _library(self) -> Tokenizer:
        from tokenizers import Tokenizer  # noqa: PLC0415

        with _whole_package():
            tokenizer = Tokenizer.from_file(str(tokenizer_file()))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer


def tokenizer_file() -> Path:
    """Where the tokenizer lies; raises `EmbedderError`."""
    return _package_folder() / _TOKENIZER


@contextmanager
def _whole_package() -> Iterator[None]:
    """Raise `EmbedderError` for a file that cannot be read."""
    try:
        yield
    except EmbedderError:
        raise
    except Exception as error:  # tokenizers raises bare Exception
        raise EmbedderError(
            f"The bundled embedder's files in {_package_folder()} cannot be read.",
            "Install the package again: pip install --force-reinstall wordllama",
        ) from error


def _package_folder() -> Path:
    # Found, not imported: the import alone takes longer than the reading.
    spec = find_spec("wordllama")
    if spec is None or not spec.submodule_search_locations:
        raise EmbedderError("The package `wordllama` is missing.", "Install ragchat again.")
    return Path(spec.submodule_search_locations[0])
