"""Which embedder a collection uses: its own for ever, the best at hand for a new one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragchat.embeddings.bundled import FINGERPRINT, BundledEmbedder
from ragchat.embeddings.ollama import OllamaEmbedder
from ragchat.errors import EmbedderMismatch, OllamaError

if TYPE_CHECKING:
    from ragchat.core.choices import EmbedderChoice
    from ragchat.core.protocols import Embedder
    from ragchat.ollama.client import OllamaClient


@dataclass(frozen=True, slots=True)
class Choice:
    """An embedder, and in one sentence why it and no other; empty when a person asked for it."""

    embedder: Embedder
    reason: str


def kind_of(fingerprint: str) -> str:
    """What a person names to get the embedder of this fingerprint: `bundled` or `ollama`."""
    return fingerprint.partition("/")[0]


def embedder_of(fingerprint: str, ollama: OllamaClient) -> Embedder:
    """The embedder that made the vectors of a collection; raises `EmbedderMismatch` when nobody knows it."""
    if fingerprint == FINGERPRINT:
        return BundledEmbedder()
    model = fingerprint.partition("/")[2].rpartition("@")[0]
    if kind_of(fingerprint) != "ollama" or not model:
        raise EmbedderMismatch(
            f"This ragchat does not know the embedder of the collection, {fingerprint}.",
            "Install the version that made the collection, or ingest the documents into a new one.",
        )
    return OllamaEmbedder(ollama, model)


def choose_embedder(wish: EmbedderChoice, ollama: OllamaClient, model: str) -> Choice:
    """The embedder for a new collection: as wished, else Ollama's `model` when this machine serves and runs it."""
    if wish == "bundled":
        return Choice(BundledEmbedder(), "")
    if wish == "ollama":
        return Choice(OllamaEmbedder(ollama, model), "")
    why_not = _why_not(ollama, model)
    if why_not:
        return Choice(BundledEmbedder(), f"Embedded by the bundled vectors: {why_not}.")
    return Choice(
        OllamaEmbedder(ollama, model), f"Embedded by Ollama's {model}, which finds more than the bundled vectors."
    )


def _why_not(ollama: OllamaClient, model: str) -> str:
    if ollama.destination is not None:
        return "Ollama runs on another machine, and nothing is sent there unasked"
    try:
        pulled = next((entry for entry in ollama.models() if entry.is_called(model)), None)
    except OllamaError:
        return "Ollama is not running"
    if pulled is None:
        return f"Ollama has no {model}"
    return f"{model} runs at ollama.com, and nothing is sent there unasked" if pulled.is_cloud else ""
