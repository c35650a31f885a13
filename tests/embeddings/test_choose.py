"""Which embedder a collection gets."""

from __future__ import annotations

import pytest

from ragchat.embeddings.bundled import FINGERPRINT
from ragchat.embeddings.choose import choose_embedder, embedder_of
from ragchat.errors import EmbedderMismatch
from ragchat.ollama.client import OllamaClient
from tests.servers.ollama import CHAT, EMBEDDING, Model, OllamaServer

MODEL = "mxbai-embed-large"
# Nothing listens there: port 9 is for discarding.
NOWHERE = "http://127.0.0.1:9"
ELSEWHERE = "http://ollama.invalid:11434"


def test_auto_takes_ollama_when_this_machine_serves_the_model(ollama_server: OllamaServer) -> None:
    with OllamaClient(ollama_server.url, timeout_s=10) as client:
        choice = choose_embedder("auto", client, MODEL)
        assert choice.embedder.fingerprint.startswith(f"ollama/{MODEL}@")
        assert MODEL in choice.reason


@pytest.mark.parametrize(
    ("models", "why_not"),
    [
        ((CHAT,), f"Ollama has no {MODEL}"),
        ((), f"Ollama has no {MODEL}"),
        ((Model(f"{MODEL}:335m", ("embedding",)),), f"Ollama has no {MODEL}"),
        ((Model(f"{MODEL}:latest", ("embedding",), remote_host="https://ollama.com"),), "runs at ollama.com"),
    ],
)
def test_auto_takes_the_bundled_vectors_when_the_model_is_not_here(
    models: tuple[Model, ...], why_not: str
) -> None:
    with OllamaServer(models=models) as server, OllamaClient(server.url, timeout_s=10) as client:
        choice = choose_embedder("auto", client, MODEL)
        assert choice.embedder.fingerprint == FINGERPRINT
        assert why_not in choice.reason
        assert [exchange.path for exchange in server.journal] == ["/api/tags"]


@pytest.mark.parametrize(("url", "why_not"), [(NOWHERE, "not running"), (ELSEWHERE, "another machine")])
def test_auto_takes_the_bundled_vectors_when_no_ollama_is_here(url: str, why_not: str) -> None:
    with OllamaClient(url, timeout_s=10) as client:
        choice = choose_embedder("auto", client, MODEL)
    assert choice.embedder.fingerprint == FINGERPRINT
    assert why_not in choice.reason


@pytest.mark.parametrize("model", [MODEL, f"{MODEL}:latest"])
def test_a_wish_is_followed_without_a_reason(ollama_server: OllamaServer, model: str) -> None:
    with OllamaClient(ollama_server.url, timeout_s=10) as client:
        assert choose_embedder("auto", client, model).embedder.fingerprint.startswith("ollama/")
        wished = choose_embedder("ollama", client, model)
        assert (wished.embedder.fingerprint.split("@")[0], wished.reason) == (f"ollama/{model}", "")
        bundled = choose_embedder("bundled", client, model)
        assert (bundled.embedder.fingerprint, bundled.reason) == (FINGERPRINT, "")


def test_a_wish_for_the_bundled_vectors_asks_no_server(ollama_server: OllamaServer) -> None:
    with OllamaClient(ollama_server.url, timeout_s=10) as client:
        choose_embedder("bundled", client, MODEL)
        embedder_of(FINGERPRINT, client)
    assert not ollama_server.journal


def test_a_collection_gets_its_own_embedder_back(ollama_server: OllamaServer) -> None:
    with OllamaClient(ollama_server.url, timeout_s=10) as client:
        assert embedder_of(FINGERPRINT, client).fingerprint == FINGERPRINT
        own = choose_embedder("ollama", client, MODEL).embedder.fingerprint
        assert EMBEDDING.digest[:12] in own
        assert embedder_of(own, client).fingerprint == own


@pytest.mark.parametrize("fingerprint", ["", "bundled/of-tomorrow", "openai/ada", "ollama/", "ollama/x"])
def test_an_embedder_that_nobody_knows_is_refused_by_name(fingerprint: str) -> None:
    with OllamaClient(NOWHERE, timeout_s=1) as client, pytest.raises(EmbedderMismatch) as raised:
        embedder_of(fingerprint, client)
    assert fingerprint in raised.value.message
    assert raised.value.hint
