"""Which embedder a collection gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ragchat.embeddings import minilm_files
from ragchat.embeddings.bundled import FINGERPRINT
from ragchat.embeddings.choose import choose_embedder, embedder_of, standings
from ragchat.errors import EmbedderError, EmbedderMismatch
from ragchat.ollama.client import OllamaClient
from tests.embeddings.tiny import tiny_files
from tests.servers.ollama import CHAT, EMBEDDING, Model, OllamaServer

if TYPE_CHECKING:
    from pathlib import Path

MODEL = "mxbai-embed-large"
# Nothing listens there: port 9 is for discarding.
NOWHERE = "http://127.0.0.1:9"
ELSEWHERE = "http://ollama.invalid:11434"


@pytest.fixture(autouse=True)
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who has installed nothing."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)


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


def test_auto_takes_minilm_when_its_files_are_here_and_no_ollama_is() -> None:
    tiny_files(minilm_files.own_folder())
    with OllamaClient(NOWHERE, timeout_s=10) as client:
        choice = choose_embedder("auto", client, MODEL)
        assert choice.embedder.fingerprint == minilm_files.fingerprint(minilm_files.own_folder())
        assert choice.reason == "Embedded by MiniLM: Ollama is not running."
        assert embedder_of(choice.embedder.fingerprint, client).fingerprint == choice.embedder.fingerprint
        assert choose_embedder("minilm", client, MODEL).reason == ""


def test_auto_takes_ollama_before_minilm(ollama_server: OllamaServer) -> None:
    tiny_files(minilm_files.own_folder())
    with OllamaClient(ollama_server.url, timeout_s=10) as client:
        assert choose_embedder("auto", client, MODEL).embedder.fingerprint.startswith("ollama/")


def test_minilm_without_its_files_is_an_error_with_its_cure() -> None:
    with OllamaClient(NOWHERE, timeout_s=1) as client:
        for call in (
            lambda: choose_embedder("minilm", client, MODEL),
            lambda: embedder_of("minilm/all-MiniLM-L6-v2@0123456789ab", client),
        ):
            with pytest.raises(EmbedderError) as raised:
                call()
            assert raised.value.hint == "Run `ragchat embedder install minilm`."


def test_each_embedder_stands_with_its_fingerprint_or_why_it_is_not_at_hand(ollama_server: OllamaServer) -> None:
    with OllamaClient(NOWHERE, timeout_s=1) as client:
        bundled, minilm, ollama = standings(client, MODEL)
    assert (bundled.fingerprint, bundled.why_not) == (FINGERPRINT, "")
    assert (minilm.fingerprint, ollama.fingerprint) == ("", "")
    assert "ragchat embedder install minilm" in minilm.why_not
    assert ollama.why_not == "Ollama is not running"
    tiny_files(minilm_files.own_folder())
    with OllamaClient(ollama_server.url, timeout_s=10) as client:
        at_hand = standings(client, MODEL)
    assert [standing.fingerprint.partition("/")[0] for standing in at_hand] == ["bundled", "minilm", "ollama"]
    assert not any(standing.why_not for standing in at_hand)


@pytest.mark.parametrize(
    "fingerprint", ["", "bundled/of-tomorrow", "openai/ada", "ollama/", "ollama/x", "minilm/", "minilm/x@y"]
)
def test_an_embedder_that_nobody_knows_is_refused_by_name(fingerprint: str) -> None:
    with OllamaClient(NOWHERE, timeout_s=1) as client, pytest.raises(EmbedderMismatch) as raised:
        embedder_of(fingerprint, client)
    assert fingerprint in raised.value.message
    assert raised.value.hint
