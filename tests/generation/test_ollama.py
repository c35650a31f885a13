"""Answers from an Ollama server over real sockets."""

from __future__ import annotations

import socket
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ragchat.core.completion import Delta
from ragchat.core.protocols import Roomy
from ragchat.errors import GenerationError
from ragchat.generation.providers.deadlines import Deadlines
from ragchat.generation.providers.ollama import DEADLINES, OllamaGenerator
from ragchat.ollama.client import OllamaClient
from ragchat.settings.model_names import Equivalent
from tests.generation.prompts import PROMPT, read
from tests.servers import ollama as fake
from tests.servers.wire import drip_head, hang_up, never

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.servers.ollama import OllamaServer
    from tests.servers.wire import Behaviour

MODEL = "llama3.2:3b"


@pytest.fixture
def client(ollama_server: OllamaServer) -> Iterator[OllamaClient]:
    with OllamaClient(ollama_server.url, timeout_s=10) as client:
        yield client


def generator(
    client: OllamaClient,
    model: str | None = MODEL,
    num_ctx: int = 2048,
    deadlines: Deadlines = DEADLINES,
    clock: Callable[[], float] = time.monotonic,
) -> OllamaGenerator:
    return OllamaGenerator(
        client, model, num_ctx=num_ctx, temperature=0.1, max_tokens=300, deadlines=deadlines, clock=clock
    )


class Ticking:
    """A clock on which each look costs ten seconds."""

    def __init__(self) -> None:
        self._now = 0.0

    def __call__(self) -> float:
        self._now += 10
        return self._now


def chats(server: OllamaServer) -> list[dict[str, Any]]:
    return [exchange.body for exchange in server.journal if exchange.path == "/api/chat"]


def test_an_answer_streams_with_the_servers_own_counts(ollama_server: OllamaServer, client: OllamaClient) -> None:
    text, notices, completion = read(generator(client).stream(PROMPT))
    assert (text, notices) == (fake.TEXT, [])
    assert (completion.provider, completion.model, completion.finish) == ("ollama", MODEL, "stop")
    usage = completion.usage
    claimed = ollama_server.journal[-1].usage
    assert (usage.source, usage.queue_s, usage.completion_s) == ("server", 0.25, 0.5)
    assert (usage.prompt_tokens, usage.completion_tokens) == (claimed["prompt_eval_count"], claimed["eval_count"])


def test_the_context_size_is_always_said(ollama_server: OllamaServer, client: OllamaClient) -> None:
    read(generator(client).stream(PROMPT))
    assert chats(ollama_server)[0]["options"] == {"num_ctx": 2048, "temperature": 0.1, "num_predict": 300}


@pytest.mark.parametrize(("num_ctx", "most"), [(2048, 300), (600, 300), (512, 256)])
def test_half_of_the_context_at_most_is_for_the_answer(
    ollama_server: OllamaServer, client: OllamaClient, num_ctx: int, most: int
) -> None:
    asked = generator(client, num_ctx=num_ctx)
    read(asked.stream(PROMPT))
    assert (asked.context, asked.max_tokens) == (num_ctx, most)
    assert chats(ollama_server)[0]["options"] == {"num_ctx": num_ctx, "temperature": 0.1, "num_predict": most}


def test_room_is_doubled_up_to_half_of_the_context(ollama_server: OllamaServer, client: OllamaClient) -> None:
    asked = generator(client)
    assert isinstance(asked, Roomy)
    assert [(asked.roomier(), asked.max_tokens) for _ in range(3)] == [(True, 600), (True, 1024), (False, 1024)]
    read(asked.stream(PROMPT))
    assert chats(ollama_server)[0]["options"]["num_predict"] == 1024


def test_an_unset_model_is_the_newest_that_chats_here_and_is_named_once() -> None:
    models = [
        fake.Model("gpt-oss:120b-cloud", ("completion",)),
        fake.Model("passed-on:latest", ("completion",), remote_host="https://ollama.com"),
        fake.EMBEDDING,
        fake.Model("qwen3:4b", ("completion", "thinking")),
        fake.CHAT,
    ]
    with fake.OllamaServer(models=models) as server, OllamaClient(server.url, timeout_s=10) as client:
        chosen = generator(client, None)
        assert chosen.destination is None
        _, first, completion = read(chosen.stream(PROMPT))
        _, second, _ = read(chosen.stream(PROMPT))
        assert first == ["OLLAMA_MODEL is unset: using qwen3:4b, the newest chat model here."]
        assert second == []
        assert completion.model == chosen.model == "qwen3:4b"


@pytest.mark.parametrize(
    ("pulled", "why"),
    [("gpt-oss:20b", "the equivalent of openai/gpt-oss-20b"), ("phi4:latest", "the newest chat model here")],
)
def test_an_equivalent_that_is_pulled_goes_before_newer_ones(pulled: str, why: str) -> None:
    models = [fake.Model("qwen3:4b", ("completion",)), fake.Model("gpt-oss:20b", ("completion",))]
    if pulled != "gpt-oss:20b":
        models = [fake.Model(pulled, ("completion",)), fake.Model("gpt-oss:20b", ("embedding",))]
    with fake.OllamaServer(models=models) as server, OllamaClient(server.url, timeout_s=10) as client:
        chosen = OllamaGenerator(
            client,
            None,
            preferred=Equivalent("gpt-oss:20b", "openai/gpt-oss-20b"),
            num_ctx=2048,
            temperature=0.1,
            max_tokens=300,
        )
        _, notices, completion = read(chosen.stream(PROMPT))
    assert (notices, completion.model) == ([f"OLLAMA_MODEL is unset: using {pulled}, {why}."], pulled)


def test_an_old_server_tells_embedding_models_by_name_or_family_only() -> None:
    models = [
        fake.Model("all-minilm:latest", None, "unknown"),
        fake.Model("snowflake:latest", None, "nomic-bert"),
        fake.Model("phi4:latest", None, "phi3"),
    ]
    with fake.OllamaServer(models=models) as server, OllamaClient(server.url, timeout_s=10) as client:
        assert read(generator(client, None).stream(PROMPT))[2].model == "phi4:latest"


def test_no_chat_model_is_told() -> None:
    with (
        fake.OllamaServer(models=[fake.EMBEDDING]) as server,
        OllamaClient(server.url, timeout_s=10) as client,
        pytest.raises(GenerationError) as raised,
    ):
        read(generator(client, None).stream(PROMPT))
    assert (raised.value.failure, raised.value.message) == ("model", "Ollama has no chat model.")


def test_a_model_that_is_not_pulled_can_be_pulled(client: OllamaClient) -> None:
    with pytest.raises(GenerationError) as raised:
        read(generator(client, "phi4").stream(PROMPT))
    assert (raised.value.failure, raised.value.hint) == ("model", "Pull it with `ollama pull phi4`.")


@pytest.mark.parametrize(
    ("model", "think"),
    [
        (fake.Model("qwen3:4b", ("completion", "thinking")), False),
        (fake.Model("gpt-oss:20b", ("completion", "thinking"), "gptoss"), "low"),
        (fake.Model("llama3.2:3b", ("completion",)), None),
        (fake.Model("llama3.2:3b", None), None),
    ],
)
def test_thinking_is_off_where_there_is_any(model: fake.Model, think: object) -> None:
    with fake.OllamaServer(models=[model]) as server, OllamaClient(server.url, timeout_s=10) as client:
        read(generator(client, model.name).stream(PROMPT))
        assert chats(server)[0].get("think") == think


def test_a_context_that_was_cut_is_told(ollama_server: OllamaServer, client: OllamaClient) -> None:
    ollama_server.then(fake.answer(prompt_tokens=900))
    prompt = replace(PROMPT, context_tokens=2000)
    _, notices, completion = read(generator(client).stream(prompt))
    assert (completion.usage.prompt_tokens, completion.usage.source) == (900, "estimate")
    assert completion.truncated
    assert notices == [
        f"Ollama cut the context: {MODEL} read 900 of about 2,000 tokens; /retry asks with fewer passages."
    ]


@pytest.mark.parametrize(
    ("read_tokens", "context", "most"), [(900, 1800, 300), (100, 512, 256), (1100, 2048, 300)]
)
def test_after_a_cut_the_context_is_what_the_server_has(
    ollama_server: OllamaServer, client: OllamaClient, read_tokens: int, context: int, most: int
) -> None:
    asked = generator(client)
    ollama_server.then(fake.answer(prompt_tokens=read_tokens))
    read(asked.stream(replace(PROMPT, context_tokens=2000)))
    assert (asked.context, asked.max_tokens) == (context, most)
    assert not read(asked.stream(PROMPT))[2].truncated
    assert [chat["options"]["num_ctx"] for chat in chats(ollama_server)] == [2048, 2048]  # another would load anew


def test_a_prompt_beyond_the_context_is_refused_not_cut(client: OllamaClient) -> None:
    with pytest.raises(GenerationError) as raised:
        read(generator(client, num_ctx=8).stream(PROMPT))
    assert (raised.value.failure, raised.value.http_status) == ("too_large", 400)


@pytest.mark.parametrize(
    "said",
    [
        "the input length exceeds the context length",
        "the request exceeds the available context size, try increasing it",
        "input exceeds maximum context window",
    ],
)
def test_a_context_that_is_too_small_is_always_called_so(
    ollama_server: OllamaServer, client: OllamaClient, said: str
) -> None:
    for behaviour in (fake.refuse(400, said), fake.refuse(500, said), fake.broken(fake.error_line(said), after=0)):
        ollama_server.then(behaviour)
        with pytest.raises(GenerationError) as raised:
            read(generator(client).stream(PROMPT))
        assert (raised.value.failure, raised.value.hint) == ("too_large", "Ask with fewer passages.")


@pytest.mark.parametrize(
    ("deadlines", "code"),
    [(Deadlines(100, 1000, 1000), "deadline_first"), (Deadlines(1000, 1000, 100), "deadline_whole")],
)
def test_who_only_thinks_is_not_waited_for(
    ollama_server: OllamaServer, client: OllamaClient, deadlines: Deadlines, code: str
) -> None:
    ollama_server.then(fake.thinking(60))
    with pytest.raises(GenerationError) as raised:
        read(generator(client, deadlines=deadlines, clock=Ticking()).stream(PROMPT))
    assert (raised.value.failure, raised.value.label) == ("timeout", code)


@pytest.mark.parametrize(
    ("deadlines", "said"),
    [
        (Deadlines(1000, 100, 10_000), "No more text came within 100 s"),
        (Deadlines(1000, 1000, 200), "The answer was not done within 200 s"),
    ],
)
def test_what_came_in_time_is_kept(
    ollama_server: OllamaServer, client: OllamaClient, deadlines: Deadlines, said: str
) -> None:
    ollama_server.then(fake.thinking(60, after=2))
    text, notices, completion = read(generator(client, deadlines=deadlines, clock=Ticking()).stream(PROMPT))
    assert (text, completion.finish, completion.failure) == ("The local", "cut", "timeout")
    assert notices == [f"{said}; the answer is incomplete."]


def test_a_server_that_falls_silent_is_left(ollama_server: OllamaServer, client: OllamaClient) -> None:
    ollama_server.then(fake.broken(never))
    text, _, completion = read(generator(client, deadlines=Deadlines(10, 0.05, 10)).stream(PROMPT))
    assert text
    assert fake.TEXT.startswith(text)
    assert (completion.finish, completion.failure) == ("cut", "timeout")
    assert ollama_server.client_left.wait(10)
    assert read(generator(client).stream(PROMPT))[0] == fake.TEXT


def test_a_server_that_never_says_a_word_is_left(ollama_server: OllamaServer, client: OllamaClient) -> None:
    ollama_server.then(fake.broken(never, after=0))
    with pytest.raises(GenerationError) as raised:
        read(generator(client, deadlines=Deadlines(0.2, 10, 10)).stream(PROMPT))
    assert (raised.value.failure, raised.value.label) == ("timeout", "deadline_first")
    assert ollama_server.client_left.wait(10)


def test_a_head_that_drips_is_not_waited_for(ollama_server: OllamaServer, client: OllamaClient) -> None:
    ollama_server.then(drip_head)
    with pytest.raises(GenerationError) as raised:
        read(generator(client, deadlines=Deadlines(0.3, 60)).stream(PROMPT))
    assert (raised.value.failure, raised.value.label) == ("timeout", "deadline_first")
    assert ollama_server.client_left.wait(10)
    assert read(generator(client).stream(PROMPT))[0] == fake.TEXT


@pytest.mark.parametrize(("slow", "model"), [(never, None), (drip_head, MODEL)])
def test_a_list_of_models_is_not_waited_for(
    ollama_server: OllamaServer, client: OllamaClient, slow: Behaviour, model: str | None
) -> None:
    ollama_server.at_tags = slow
    asked = generator(client, model, deadlines=Deadlines(0.3, 60))
    assert asked.destination is None  # the client alone would wait for ten seconds, or for ever
    with pytest.raises(GenerationError) as raised:
        read(asked.stream(PROMPT))
    assert (raised.value.failure, raised.value.label) == ("timeout", "deadline_first")


def test_a_model_that_turns_out_to_run_elsewhere_is_sent_nothing() -> None:
    passed_on = fake.Model("mine:latest", ("completion",), remote_host="https://ollama.com")
    with fake.OllamaServer(models=[passed_on]) as server, OllamaClient(server.url, timeout_s=10) as client:
        asked = generator(client, "mine")
        server.at_tags = hang_up
        where = asked.destination
        assert where is None
        server.at_tags = None
        with pytest.raises(GenerationError) as raised:
            read(asked.stream(PROMPT))
        assert (raised.value.label, chats(server)) == ("unlocated", [])
        assert asked.destination == "ollama.com"
        assert read(asked.stream(PROMPT))[0] == fake.TEXT


def test_a_prompt_in_a_hurry_is_not_kept_waiting(ollama_server: OllamaServer, client: OllamaClient) -> None:
    ollama_server.then(fake.broken(never, after=0))
    with pytest.raises(GenerationError) as raised:
        read(generator(client).stream(replace(PROMPT, first_s=0.2)))
    assert (raised.value.label, raised.value.message) == ("deadline_first", "No text came within 0.2 s.")


def test_who_thinks_for_a_moment_is_waited_for(ollama_server: OllamaServer, client: OllamaClient) -> None:
    ollama_server.then(fake.thinking(3, after=2))
    assert read(generator(client, clock=Ticking()).stream(PROMPT))[2].finish == "stop"


def test_the_token_limit_is_a_finish_of_its_own(ollama_server: OllamaServer, client: OllamaClient) -> None:
    ollama_server.then(fake.answer("Half an", reason="length"))
    assert read(generator(client).stream(PROMPT))[2].finish == "length"


@pytest.mark.parametrize(
    ("behaviour", "failure"),
    [
        (fake.refuse(503, "server busy, please try again."), "limit"),
        (fake.refuse(500, "model requires more system memory"), "server"),
        (fake.broken(fake.error_line("boom"), after=0), "server"),
        (fake.answer("", done=False), "network"),
        (hang_up, "network"),
    ],
)
def test_a_failure_before_the_first_word_is_raised(
    ollama_server: OllamaServer, client: OllamaClient, behaviour: Behaviour, failure: str
) -> None:
    ollama_server.then(behaviour)
    with pytest.raises(GenerationError) as raised:
        read(generator(client).stream(PROMPT))
    assert raised.value.failure == failure


@pytest.mark.parametrize(
    ("how", "failure"), [(hang_up, "network"), (fake.error_line("boom"), "server"), (lambda wire: None, "network")]
)
def test_a_failure_after_the_first_word_keeps_the_text(
    ollama_server: OllamaServer, client: OllamaClient, how: Behaviour, failure: str
) -> None:
    ollama_server.then(fake.broken(how))
    text, notices, completion = read(generator(client).stream(PROMPT))
    assert text == "The local"
    assert (completion.finish, completion.failure, completion.usage.source) == ("cut", failure, "estimate")
    assert len(notices) == 1


def test_an_interrupted_stream_keeps_its_text_and_is_hung_up(
    ollama_server: OllamaServer, client: OllamaClient
) -> None:
    ollama_server.then(fake.broken(never))
    pieces = generator(client).stream(PROMPT)
    assert next(pieces) == Delta("The")
    completion = pieces.throw(KeyboardInterrupt())
    assert ollama_server.client_left.wait(10)
    assert read([Delta("The"), completion, *pieces])[2].finish == "cut"


@pytest.mark.parametrize(
    ("model", "destination"),
    [
        (fake.CHAT, None),
        (fake.Model("gpt-oss:120b-cloud", ("completion",)), "ollama.com"),
        (fake.Model("mine:latest", ("completion",), remote_host="https://ollama.com"), "ollama.com"),
    ],
)
def test_the_destination_is_where_the_model_runs(model: fake.Model, destination: str | None) -> None:
    with fake.OllamaServer(models=[model]) as server, OllamaClient(server.url, timeout_s=10) as client:
        assert generator(client, model.name).destination == destination


def test_the_destination_of_another_machines_server_is_that_machine() -> None:
    with OllamaClient("http://gpu-box.invalid", timeout_s=10) as client:
        assert generator(client, None).destination == "gpu-box.invalid"


def test_without_a_server_nothing_leaves_and_nothing_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with OllamaClient(f"http://127.0.0.1:{port}", timeout_s=10) as client:
        assert generator(client).destination is None
        with pytest.raises(GenerationError) as raised:
            read(generator(client).stream(PROMPT))
        assert (raised.value.failure, raised.value.label) == ("network", "refused")
