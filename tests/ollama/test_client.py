"""The Ollama client over real sockets."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from ragchat.core.message import Message
from ragchat.errors import OllamaError
from ragchat.ollama.client import OllamaClient
from tests.servers import ollama as fake
from tests.servers.wire import fail, hang_up, html, never

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.ollama import OllamaServer
    from tests.servers.wire import Behaviour

MODEL = "llama3.2:3b"
MESSAGES = (Message("user", "How long should bread cool?"),)


@pytest.fixture
def client(ollama_server: OllamaServer) -> Iterator[OllamaClient]:
    with OllamaClient(ollama_server.url, timeout_s=10) as client:
        yield client


def chat(client: OllamaClient, model: str = MODEL) -> str:
    return "".join(line.text for line in client.chat(model, MESSAGES, options={"num_ctx": 2048}))


def test_the_version_is_the_servers(client: OllamaClient) -> None:
    assert client.version() == "0.16.2"


def test_models_are_listed_with_what_they_can_do(client: OllamaClient) -> None:
    embedding, chatting = client.models()
    assert embedding.name == "mxbai-embed-large:latest"
    assert embedding.is_called("mxbai-embed-large")
    assert not embedding.is_called("mxbai-embed")
    assert chatting.capabilities == ("completion", "tools")
    assert chatting.digest == fake.CHAT.digest
    assert not chatting.is_cloud


@pytest.mark.parametrize(
    "model",
    [
        fake.Model("gpt-oss:120b-cloud", ("completion",)),
        fake.Model("mine:latest", ("completion",), remote_host="https://ollama.com:443"),
    ],
)
def test_a_model_that_runs_elsewhere_is_a_cloud_model(model: fake.Model) -> None:
    with fake.OllamaServer(models=[model]) as server, OllamaClient(server.url, timeout_s=10) as client:
        assert client.models()[0].is_cloud


def test_vectors_come_in_the_order_of_their_texts(client: OllamaClient) -> None:
    assert client.embed("mxbai-embed-large", ["bread", "rice"]) == [fake.vector("bread"), fake.vector("rice")]


def test_fewer_vectors_than_texts_are_an_error(client: OllamaClient) -> None:
    with pytest.raises(OllamaError) as raised:
        client.embed("mxbai-embed-large", ["bread", ""])
    assert raised.value.failure == "garbage"


def test_a_reply_streams_and_ends_with_its_counts(client: OllamaClient) -> None:
    lines = list(client.chat(MODEL, MESSAGES, options={"num_ctx": 2048}))
    assert "".join(line.text for line in lines) == fake.TEXT
    last = lines[-1]
    assert (last.done, last.reason, last.prompt_tokens, last.completion_tokens) == (True, "stop", 6, 7)
    assert last.load_s == 0.25


def test_a_prompt_is_never_to_be_cut(ollama_server: OllamaServer, client: OllamaClient) -> None:
    chat(client)
    body = ollama_server.journal[-1].body
    assert body["truncate"] is False
    assert body["shift"] is False
    assert body["options"] == {"num_ctx": 2048}
    assert "think" not in body


def test_a_separator_inside_a_text_ends_no_line(ollama_server: OllamaServer, client: OllamaClient) -> None:
    text = "one\u0085two\u2028three"
    ollama_server.then(fake.answer(text))
    assert chat(client) == text


@pytest.mark.parametrize(
    ("behaviour", "failure", "status", "said"),
    [
        (fake.refuse(400, "the input length exceeds the context length"), "too_large", 400, MODEL),
        (fake.refuse(400, "registry.ollama.ai/x does not support chat"), "model", 400, "does not support chat"),
        (fake.refuse(400, "invalid options"), "other", 400, "invalid options"),
        (fake.refuse(401, "unauthorized"), "key", 401, "who asks"),
        (fake.refuse(403, "this model needs a subscription"), "key", 403, "subscription"),
        (fake.refuse(404, "model 'llama3.2:3b' not found"), "model", 404, MODEL),
        (fail(404, b"404 page not found"), "garbage", 404, "does not speak as Ollama"),
        (
            fake.refuse(503, "server busy, please try again.  maximum pending requests exceeded"),
            "limit",
            503,
            "busy",
        ),
        (
            fake.refuse(500, "model requires more system memory (5.6 GiB) than is available"),
            "server",
            500,
            "too little memory",
        ),
        (fake.refuse(500, "runner\x1b[31m crashed."), "server", 500, "Ollama failed: runner [31m crashed."),
        (fail(502), "server", 502, "it does not say why"),
        (fail(302, b"", {"Location": "http://elsewhere.invalid/"}), "garbage", 302, "does not speak as Ollama"),
        (html, "garbage", None, "does not speak as Ollama"),
        (hang_up, "network", None, "lost"),
        (fake.broken(hang_up), "network", None, "lost"),
        (fake.answer(done=False), "network", None, "lost"),
        (fake.broken(fake.error_line("out of memory")), "server", None, "too little memory"),
        (fake.broken(lambda wire: wire.piece(b"[1]\n")), "garbage", None, "does not speak as Ollama"),
        (fake.broken(lambda wire: wire.piece(b"{\n")), "garbage", None, "does not speak as Ollama"),
    ],
)
def test_each_failure_is_told_from_the_others(
    ollama_server: OllamaServer,
    client: OllamaClient,
    behaviour: Behaviour,
    failure: str,
    status: int | None,
    said: str,
) -> None:
    ollama_server.then(behaviour)
    with pytest.raises(OllamaError) as raised:
        chat(client)
    assert (raised.value.failure, raised.value.http_status) == (failure, status)
    assert said in raised.value.message
    assert raised.value.hint


def test_a_missing_model_can_be_pulled(client: OllamaClient) -> None:
    for call in (lambda: chat(client, "phi4"), lambda: client.embed("phi4", ["x"])):
        with pytest.raises(OllamaError) as raised:
            call()
        assert raised.value.hint == "Pull it with `ollama pull phi4`."


@pytest.mark.parametrize("behaviour", [never, fake.broken(never)])
def test_a_silent_server_is_left(ollama_server: OllamaServer, behaviour: Behaviour) -> None:
    ollama_server.then(behaviour)
    with OllamaClient(ollama_server.url, timeout_s=0.2) as client:
        with pytest.raises(OllamaError) as raised:
            chat(client)
        assert raised.value.failure == "timeout"
    assert ollama_server.client_left.wait(10)


def test_no_server_names_the_command_that_starts_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with OllamaClient(f"http://127.0.0.1:{port}", timeout_s=10) as client, pytest.raises(OllamaError) as raised:
        client.models()
    assert raised.value.message == f"No Ollama server answers at http://127.0.0.1:{port}."
    assert "`ollama serve`" in raised.value.hint


def test_a_host_that_accepts_nobody_is_given_up() -> None:
    with ExitStack() as stack:
        full = stack.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):  # fills the queue of connections: the kernel drops what follows
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        client = stack.enter_context(
            OllamaClient(f"http://127.0.0.1:{full.getsockname()[1]}", timeout_s=10, connect_timeout_s=0.2)
        )
        with pytest.raises(OllamaError) as raised:
            client.models()
        assert raised.value.failure == "timeout"


@pytest.mark.parametrize(
    ("host", "failure", "said"),
    [
        ("http://gpu-box.invalid", "network", "not known"),
        ("http://*", "config", "no address"),
        ("ftp://127.0.0.1", "config", "no address"),
    ],
)
def test_a_host_that_cannot_be_called_is_named(host: str, failure: str, said: str) -> None:
    with OllamaClient(host, timeout_s=10) as client, pytest.raises(OllamaError) as raised:
        client.models()
    assert raised.value.failure == failure
    assert said in raised.value.message


def test_a_plain_server_is_no_secure_one(ollama_server: OllamaServer) -> None:
    with (
        OllamaClient(ollama_server.url.replace("http", "https"), timeout_s=10) as client,
        pytest.raises(OllamaError) as raised,
    ):
        client.models()
    assert "secure connection" in raised.value.message


def test_a_proxy_is_not_asked_for_this_machine(client: OllamaClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "HTTP_PROXY", "http://127.0.0.1:9")
    assert client.version()


def test_an_abandoned_reply_is_hung_up(ollama_server: OllamaServer, client: OllamaClient) -> None:
    ollama_server.then(fake.broken(never))
    lines = client.chat(MODEL, MESSAGES, options={})
    next(lines)
    lines.close()
    assert ollama_server.client_left.wait(10)


def test_an_interrupted_reply_is_hung_up(ollama_server: OllamaServer, client: OllamaClient) -> None:
    ollama_server.then(fake.broken(never))
    lines = client.chat(MODEL, MESSAGES, options={})
    next(lines)
    with pytest.raises(KeyboardInterrupt):
        lines.throw(KeyboardInterrupt())
    assert ollama_server.client_left.wait(10)
