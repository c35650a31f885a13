"""A process that embeds numbered texts by way of a cache, and prints how many it found there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ragchat.embeddings.cache import VectorCache
from ragchat.embeddings.cached import CachedEmbedder
from ragchat.embeddings.ollama import OllamaEmbedder
from ragchat.ollama.client import OllamaClient


def numbered(numbers: range) -> list[str]:
    """As many different texts."""
    return [f"text number {number}" for number in numbers]


def embedding(url: str, cache: Path, numbers: range) -> subprocess.Popen[str]:
    """Such a process, with Ollama at `url`."""
    command = [sys.executable, "-m", "tests.embeddings.embedding", url, cache, numbers.start, numbers.stop]
    return subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True)


def _main(url: str, cache: str, first: str, last: str) -> None:
    with OllamaClient(url, timeout_s=60) as client:
        embedder = CachedEmbedder(OllamaEmbedder(client, "mxbai-embed-large"), VectorCache(Path(cache)))
        embedder.embed_documents(numbered(range(int(first), int(last))))
    print(embedder.reused, embedder.trouble)  # noqa: T201 - for the test that reads it


if __name__ == "__main__":
    _main(*sys.argv[1:])
