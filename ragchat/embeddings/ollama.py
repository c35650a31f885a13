"""Vectors from a model that Ollama runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ragchat.errors import EmbedderError, OllamaError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from ragchat.ollama.client import OllamaClient

BATCH = 32
_STAND_IN = "."
_HINT = "Choose another embedder with `--embedder`, or another model with OLLAMA_EMBED_MODEL."


class _Prefixes(NamedTuple):
    query: str
    document: str


PREFIXES_VERSION = "p1"
"""Part of the fingerprint: count it up whenever an entry of `PREFIXES` changes."""

PREFIXES: dict[str, _Prefixes] = {
    "mxbai-embed-large": _Prefixes("Represent this sentence for searching relevant passages: ", ""),
    "nomic-embed-text": _Prefixes("search_query: ", "search_document: "),
}
"""What the models' cards ask for; Ollama adds none of it."""

_NONE = _Prefixes("", "")


class OllamaEmbedder:
    """Unit vectors by `/api/embed`. A text longer than the model's context is the mean of its halves."""

    def __init__(self, client: OllamaClient, model: str) -> None:
        self._client = client
        self._model = model
        self._prefixes = PREFIXES.get(model.rpartition("/")[2].partition(":")[0], _NONE)
        self._fingerprint = ""

    @property
    def fingerprint(self) -> str:
        """`ollama/<model>@<digest>+<version of the prefixes>`; asks the server once, raises `EmbedderError`."""
        if not self._fingerprint:
            self._fingerprint = f"ollama/{self._model}@{self._digest()}+{PREFIXES_VERSION}"
        return self._fingerprint

    @property
    def destination(self) -> str | None:
        """The host that texts are sent to; None when they stay on this machine."""
        return self._client.destination_of(self._model)

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """`(len(texts), width)`, in the order of `texts`; raises `EmbedderError`."""
        rows: list[NDArray[np.float64]] = []
        for start in range(0, len(texts), BATCH):
            rows.extend(self._rows(texts[start : start + BATCH], self._prefixes.document))
        return _matrix(rows)

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """`(width,)`; raises `EmbedderError`."""
        row: NDArray[np.float32] = _matrix(self._rows([text], self._prefixes.query))[0]
        return row

    def _digest(self) -> str:
        try:
            models = self._client.models()
        except OllamaError as error:
            raise EmbedderError(error.message, error.hint) from error
        for model in models:
            if model.is_called(self._model):
                return model.digest.removeprefix("sha256:")[:12]
        raise EmbedderError(f"Ollama has no model {self._model}.", f"Pull it with `ollama pull {self._model}`.")

    def _rows(self, texts: Sequence[str], prefix: str) -> list[NDArray[np.float64]]:
        """A unit vector for each text. When one is too long for the server, halving finds which."""
        # The server leaves empty texts out of its reply, and every row behind them would move up.
        sent = [f"{prefix}{text}" if text.strip() else f"{prefix}{_STAND_IN}" for text in texts]
        try:
            rows = self._client.embed(self._model, sent)
        except OllamaError as error:
            if error.failure != "too_large":
                raise EmbedderError(error.message, error.hint or _HINT) from error
            if len(texts) > 1:
                middle = len(texts) // 2
                return self._rows(texts[:middle], prefix) + self._rows(texts[middle:], prefix)
            return [self._pooled(texts[0], prefix)]
        return list(_units(rows))

    def _pooled(self, text: str, prefix: str) -> NDArray[np.float64]:
        """The mean of the vectors of the text's halves, weighted by their lengths."""
        halves = _halves(text)
        if len(halves) < 2:
            raise EmbedderError(f"{self._model} cannot take even a short text.", _HINT)
        rows = [self._rows([half], prefix)[0] for half in halves]
        return next(_units([np.average(rows, axis=0, weights=[len(half) for half in halves])]))


def _halves(text: str) -> list[str]:
    """`text` cut at the white space nearest its middle, or in the middle when there is none."""
    text = text.strip()
    middle = len(text) // 2
    spaces = [at for at, char in enumerate(text) if char.isspace()]
    cut = min(spaces, key=lambda at: abs(at - middle), default=middle)
    return [half for half in (text[:cut], text[cut:]) if half]


def _units(rows: Sequence[Sequence[float] | NDArray[np.float64]]) -> Iterator[NDArray[np.float64]]:
    """Each row at length one; raises `EmbedderError` for a row that has no direction."""
    for row in rows:
        try:
            vector = np.asarray(row, dtype=np.float64)
            norm = float(np.linalg.norm(vector))
        except (TypeError, ValueError) as error:
            raise EmbedderError("Ollama sent a vector that is none.", _HINT) from error
        if not np.isfinite(norm) or norm == 0.0:
            raise EmbedderError("Ollama sent a vector without a direction (zero, or not a number).", _HINT)
        yield vector / norm


def _matrix(rows: list[NDArray[np.float64]]) -> NDArray[np.float32]:
    if not rows:
        return np.empty((0, 0), dtype=np.float32)
    if len({row.shape for row in rows}) > 1:
        raise EmbedderError("Ollama sent vectors of different widths.", _HINT)
    return np.stack(rows).astype(np.float32)
