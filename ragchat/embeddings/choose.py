"""Which embedder a collection uses: its own for ever, the best at hand for a new one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from ragchat.embeddings import minilm_files
from ragchat.embeddings.bundled import FINGERPRINT, BundledEmbedder
from ragchat.embeddings.ollama import OllamaEmbedder
from ragchat.errors import EmbedderMismatch, OllamaError

if TYPE_CHECKING:
    from ragchat.core.choices import EmbedderChoice
    from ragchat.core.protocols import Embedder
    from ragchat.ollama.client import OllamaClient

EmbedderKind: TypeAlias = Literal["bundled", "minilm", "ollama"]


@dataclass(frozen=True, slots=True)
class Choice:
    """An embedder, and in one sentence why it and no other; empty when a person asked for it."""

    embedder: Embedder
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """An embedder: its fingerprint when it is at hand, else why it is not."""

    kind: EmbedderKind
    fingerprint: str
    why_not: str = ""


def kind_of(fingerprint: str) -> str:
    """What a person names to get the embedder of this fingerprint: `bundled`, `minilm` or `ollama`."""
    return fingerprint.partition("/")[0]


def embedder_of(fingerprint: str, ollama: OllamaClient) -> Embedder:
    """The embedder that made the vectors of a collection; raises `EmbedderMismatch` when nobody knows it.

    Raises `EmbedderError` when its files are not on this machine.
    """
    kind, _, name = fingerprint.partition("/")
    model = name.rpartition("@")[0]
    if fingerprint == FINGERPRINT:
        return BundledEmbedder()
    if kind == "minilm" and model == minilm_files.NAME:
        return _minilm()
    if kind == "ollama" and model:
        return OllamaEmbedder(ollama, model)
    raise EmbedderMismatch(
        f"This ragchat does not know the embedder of the collection, {fingerprint}.",
        "Install the version that made the collection, or ingest the documents into a new one.",
    )


def choose_embedder(wish: EmbedderChoice, ollama: OllamaClient, model: str) -> Choice:
    """The embedder for a new collection, as `choose_kind` says; raises `EmbedderError` when it cannot be had."""
    kind, reason = choose_kind(wish, ollama, model)
    if kind == "minilm":
        return Choice(_minilm(), reason)
    return Choice(OllamaEmbedder(ollama, model) if kind == "ollama" else BundledEmbedder(), reason)


def choose_kind(wish: EmbedderChoice, ollama: OllamaClient, model: str) -> tuple[EmbedderKind, str]:
    """As wished, else Ollama's `model` when this machine serves and runs it, MiniLM when its files are here.

    And in one sentence why; empty when it was wished for.
    """
    if wish != "auto":
        return wish, ""
    why_not = _why_not(ollama, model)
    if not why_not:
        return "ollama", f"Embedded by Ollama's {model}, which finds more than the bundled vectors."
    if minilm_files.installed():
        return "minilm", f"Embedded by MiniLM: {why_not}."
    return "bundled", f"Embedded by the bundled vectors: {why_not}."


def standings(ollama: OllamaClient, model: str) -> tuple[Standing, ...]:
    """Each embedder, and whether it is at hand; Ollama on another machine is not asked."""
    return Standing("bundled", FINGERPRINT), _standing_of_minilm(), _standing_of_ollama(ollama, model)


def _standing_of_minilm() -> Standing:
    if folder := minilm_files.installed():
        return Standing("minilm", minilm_files.fingerprint(folder))
    return Standing("minilm", "", "its files come with `ragchat embedder install minilm`")


def _standing_of_ollama(ollama: OllamaClient, model: str) -> Standing:
    if why_not := _why_not(ollama, model):
        return Standing("ollama", "", why_not)
    return Standing("ollama", OllamaEmbedder(ollama, model).fingerprint)


def _minilm() -> Embedder:
    # It imports onnxruntime, which takes longer than the bundled embedder takes to open.
    from ragchat.embeddings.minilm import MinilmEmbedder  # noqa: PLC0415

    return MinilmEmbedder(minilm_files.require())


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
