"""Vectors from Ollama over real sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ragchat.embeddings.ollama import OllamaEmbedder
from ragchat.errors import EmbedderError
from ragchat.ollama.client import OllamaClient
from tests.servers import ollama as fake
from tests.servers.wire import hang_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ragchat.core.protocols import Embedder
    from tests.servers.ollama import OllamaServer


@pytest.fixture
def client(ollama_server: OllamaServer) -> Iterator[OllamaClient]:
    with OllamaClient(ollama_server.url, timeout_s=10) as client:
        yield client


@pytest.fixture
def embedder(client: OllamaClient) -> Embedder:
    return OllamaEmbedder(client, "mxbai-embed-large")


def test_rows_are_unit_vectors_in_the_order_of_their_texts(
    ollama_server: OllamaServer, embedder: Embedder
) -> None:
    texts = [f"text number {number}" for number in range(70)]
    rows = embedder.embed_documents(texts)
    assert rows.shape == (70, fake.WIDTH)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows, [fake.vector(text) for text in texts], atol=1e-6)
    assert [len(exchange.body["input"]) for exchange in ollama_server.journal] == [32, 32, 6]


def test_no_text_makes_no_row_and_no_request(ollama_server: OllamaServer, embedder: Embedder) -> None:
    assert embedder.embed_documents([]).shape[0] == 0
    assert not ollama_server.journal


def test_an_empty_text_does_not_move_the_rows_behind_it(embedder: Embedder) -> None:
    rows = embedder.embed_documents(["", "bread", " \n", "rice"])
    assert rows.shape[0] == 4
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-6)
    np.testing.assert_allclose(rows[[1, 3]], [fake.vector("bread"), fake.vector("rice")], atol=1e-6)


@pytest.mark.parametrize(
    ("model", "query", "document"),
    [
        ("mxbai-embed-large", "Represent this sentence for searching relevant passages: bread", "bread"),
        (
            "library/mxbai-embed-large:335m",
            "Represent this sentence for searching relevant passages: bread",
            "bread",
        ),
        ("nomic-embed-text", "search_query: bread", "search_document: bread"),
        ("all-minilm", "bread", "bread"),
    ],
)
def test_each_model_gets_the_prefixes_it_was_trained_with(model: str, query: str, document: str) -> None:
    pulled = fake.Model(model if ":" in model else f"{model}:latest", ("embedding",))
    with fake.OllamaServer(models=[pulled]) as server, OllamaClient(server.url, timeout_s=10) as client:
        embedder = OllamaEmbedder(client, model)
        embedder.embed_query("bread")
        embedder.embed_documents(["bread"])
        assert [exchange.body["input"] for exchange in server.journal] == [[query], [document]]


def test_the_fingerprint_names_model_weights_and_prefixes(ollama_server: OllamaServer, embedder: Embedder) -> None:
    expected = f"ollama/mxbai-embed-large@{fake.EMBEDDING.digest[:12]}+p1"
    assert embedder.fingerprint == expected
    assert embedder.fingerprint == expected
    assert len(ollama_server.journal) == 1


def test_a_model_that_is_not_pulled_can_be_pulled(client: OllamaClient) -> None:
    embedder = OllamaEmbedder(client, "bge-m3")
    for call in (lambda: embedder.fingerprint, lambda: embedder.embed_query("bread")):
        with pytest.raises(EmbedderError) as raised:
            call()
        assert raised.value.hint == "Pull it with `ollama pull bge-m3`."


def test_a_long_text_is_read_to_its_last_word(ollama_server: OllamaServer, embedder: Embedder) -> None:
    long = " ".join(["bread"] * 700 + ["mango"] * 700)
    rows = embedder.embed_documents(["rice", long, "tea"])
    np.testing.assert_allclose(rows[[0, 2]], [fake.vector("rice"), fake.vector("tea")], atol=1e-6)
    assert rows[1] @ fake.vector("bread") == pytest.approx(rows[1] @ fake.vector("mango"), abs=0.05)
    assert np.linalg.norm(rows[1]) == pytest.approx(1.0, abs=1e-6)
    assert all(exchange.body["truncate"] is False for exchange in ollama_server.journal)


def test_the_longer_half_weighs_more() -> None:
    tiny = fake.Model("mxbai-embed-large:latest", ("embedding",), context=1)
    long = "saffron" * 10
    with fake.OllamaServer(models=[tiny]) as server, OllamaClient(server.url, timeout_s=10) as client:
        (row,) = OllamaEmbedder(client, "mxbai-embed-large").embed_documents([f"rice {long}"])
    assert row @ fake.vector(long) > 10 * (row @ fake.vector("rice"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.sampled_from(["", "bread", "rice and beans", "saffron " * 900, "x"]), max_size=6))
def test_every_text_has_its_own_row_whatever_its_neighbours(client: OllamaClient, texts: list[str]) -> None:
    embedder = OllamaEmbedder(client, "mxbai-embed-large")
    together = embedder.embed_documents(texts)
    alone = [embedder.embed_documents([text])[0] for text in texts]
    assert len(together) == len(texts)
    for row, expected in zip(together, alone, strict=True):
        np.testing.assert_allclose(row, expected, atol=1e-6)


def test_a_text_that_cannot_be_shortened_is_an_error_without_its_words(ollama_server: OllamaServer) -> None:
    tiny = fake.Model("mxbai-embed-large:latest", ("embedding",), context=0)
    with fake.OllamaServer(models=[tiny]) as server, OllamaClient(server.url, timeout_s=10) as client:
        with pytest.raises(EmbedderError) as raised:
            OllamaEmbedder(client, "mxbai-embed-large").embed_documents(["secret"])
        assert "secret" not in raised.value.message


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (fake.refuse(400, "embedding contains NaN or Inf values"), "no usable numbers"),
        (lambda wire: wire.send(200, {"embeddings": [[0.0, 0.0]]}), "without a direction"),
        (lambda wire: wire.send(200, {"embeddings": [["x"]]}), "is none"),
        (lambda wire: wire.send(200, {"embeddings": [[1.0, 0.0], [1.0, 0.0]]}), "does not speak as Ollama"),
        (lambda wire: wire.send(200, {"embedding": [1.0]}), "does not speak as Ollama"),
        (hang_up, "connection to Ollama was lost"),
    ],
)
def test_what_is_no_vector_is_an_error_without_the_text(
    ollama_server: OllamaServer, embedder: Embedder, behaviour: object, said: str
) -> None:
    ollama_server.script.append(behaviour)  # type: ignore[arg-type]  # a lambda among functions
    with pytest.raises(EmbedderError) as raised:
        embedder.embed_documents(["my secret"])
    assert said in raised.value.message
    assert "secret" not in raised.value.message + raised.value.hint
