"""Vectors by all-MiniLM-L6-v2 through onnxruntime, from files that are on this machine.

Mean of the last hidden states, at length one, of the first 256 word pieces, as its authors pool it:
https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from ragchat.embeddings import minilm_files
from ragchat.errors import EmbedderError
from ragchat.language.surrogates import encodable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

LONGEST = 256
"""Word pieces, the two that frame a text included; what stands behind them is not read."""

# Characters: more than 256 word pieces have, and a megabyte would take the tokenizer half a second.
_READ = 16_384
_CURE = "Run `ragchat embedder install minilm`, which puts them right."


class MinilmEmbedder:
    """`Embedder` over the files in `folder`; every method raises `EmbedderError` when they are damaged.

    Each text is computed alone and by one thread, so that its vector hangs on nothing but itself; several texts
    keep several cores busy. Batches were not faster: nothing is padded, and no core waits for another.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cores = _cores()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3  # it would warn on stderr
        try:
            self._session = onnxruntime.InferenceSession(
                str(folder / minilm_files.MODEL), options, providers=["CPUExecutionProvider"]
            )
            self._tokenizer = Tokenizer.from_file(str(folder / minilm_files.TOKENIZER))
        except Exception as error:  # both libraries raise what derives from nothing else
            raise EmbedderError(f"The embedder's files in {folder} cannot be read.", _CURE) from error
        self._tokenizer.enable_truncation(max_length=LONGEST)
        self._tokenizer.no_padding()

    @property
    def fingerprint(self) -> str:
        """Names the model and its weights."""
        return minilm_files.fingerprint(self._folder)

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """`(len(texts), 384)`, in the order of `texts`, made by all cores."""
        if not texts:
            return np.empty((0, 0), np.float32)
        pieces = [encoded.ids for encoded in self._tokenizer.encode_batch_fast([_read(text) for text in texts])]
        # The longest first, or the last one might keep one core at work and the others waiting.
        order = sorted(range(len(pieces)), key=lambda row: -len(pieces[row]))
        with ThreadPoolExecutor(self._cores) as pool:
            vectors = list(pool.map(self._vector, [pieces[row] for row in order]))
        rows = np.empty((len(texts), vectors[0].size), np.float32)
        rows[order] = vectors
        return rows

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """`(384,)`: questions and documents are embedded alike."""
        return self._vector(self._tokenizer.encode(_read(text)).ids)

    def _vector(self, pieces: Sequence[int]) -> NDArray[np.float32]:
        ids = np.array([pieces], np.int64)
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        try:
            (states,) = self._session.run(None, inputs)[0]
        except Exception as error:  # as above
            raise EmbedderError(f"The model in {self._folder} cannot be used.", _CURE) from error
        mean: NDArray[np.float32] = states.mean(axis=0, dtype=np.float32)
        return mean / np.float32(np.linalg.norm(mean))


def _read(text: str) -> str:
    """What the tokenizer is given of `text`."""
    return encodable(text[:_READ])


def _cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
