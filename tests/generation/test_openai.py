"""Answers from a server with the OpenAI wire, over real sockets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ragchat.core.protocols import Roomy
from ragchat.generation.providers.deadlines import Deadlines
from ragchat.generation.providers.openai import OpenAIGenerator
from tests.generation.clients import clients, failure_of
from tests.generation.prompts import PROMPT, read
from tests.servers import openai as fake
from tests.servers.events import TEXT, event, raw
from tests.servers.openai import OpenAIServer
from tests.servers.wire import fail, hang_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.servers.wire import Behaviour, Wire


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest.fixture
def make(server: OpenAIServer) -> Iterator[Callable[..., OpenAIGenerator]]:
    with clients(OpenAIGenerator, api_key=None, base_url=f"{server.url}/v1", model=fake.MODEL) as make:
        yield make


def test_an_answer_streams_with_the_servers_own_counts(
    server: OpenAIServer, make: Callable[..., OpenAIGenerator]
) -> None:
    server.then(fake.answer("It cools for an hour [1].", reasoning=40, cached=8))
    text, notices, completion = read(make().stream(PROMPT))
    assert text == "It cools for an hour [1]."
    assert notices == []
    assert (completion.provider, completion.model) == ("openai", fake.MODEL)
    assert (completion.finish, completion.request_id) == ("stop", fake.REQUEST_ID)
    usage = completion.usage
    claimed = server.journal[0].usage
    assert usage.source == "server"
    assert usage.prompt_tokens == claimed["prompt_tokens"]
    assert usage.completion_tokens == claimed["completion_tokens"]
    assert (usage.reasoning_tokens, usage.cached_tokens) == (40, 8)


def test_counts_that_do_not_follow_an_answer_at_once_are_not_waited_for(
    server: OpenAIServer, make: Callable[..., OpenAIGenerator]
) -> None:
    def pause(wire: Wire) -> None:
        wire.server.owner.stopping.wait(30)

    server.then(fake.answer("Yes [1].", then=pause))
    text, notices, completion = read(make(deadlines=Deadlines(60.0, 60.0)).stream(PROMPT))
    assert (text, notices, completion.finish) == ("Yes [1].", [], "stop")
    assert completion.usage.source == "estimate"


def test_a_request_asks_for_a_stream_with_counts(
    server: OpenAIServer, make: Callable[..., OpenAIGenerator]
) -> None:
    generator = make()
    read(generator.stream(PROMPT))
    body = server.journal[0].body
    assert body.pop("messages") == [{"role": m.role, "content": m.text} for m in PROMPT.messages]
    assert body == {
        "model": fake.MODEL,
        "temperature": 0.2,
        "max_completion_tokens": 500,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert "authorization" not in server.journal[0].headers
    assert (generator.max_tokens, generator.context) == (500, None)


def test_room_is_doubled_up_to_what_any_model_writes(
    server: OpenAIServer, make: Callable[..., OpenAIGenerator]
) -> None:
    generator = make(max_tokens=3000)
    assert isinstance(generator, Roomy)
    assert [(generator.roomier(), generator.max_tokens) for _ in range(3)] == [
        (True, 6000),
        (True, 8192),
        (False, 8192),
    ]
    read(generator.stream(PROMPT))
    assert server.journal[0].body["max_completion_tokens"] == 8192
    generous = make(max_tokens=10_000)
    assert (generous.roomier(), generous.max_tokens) == (False, 10_000)


@pytest.mark.parametrize("ending", ["/v1", "/v1/", "/v1/chat/completions"])
def test_the_path_is_never_doubled(
    server: OpenAIServer, make: Callable[..., OpenAIGenerator], ending: str
) -> None:
    read(make(base_url=server.url + ending).stream(PROMPT))
    assert server.journal[0].path == "/v1/chat/completions"


def test_a_wrong_path_is_told(server: OpenAIServer, make: Callable[..., OpenAIGenerator]) -> None:
    error = failure_of(make(base_url=server.url))
    assert (error.failure, error.http_status) == ("config", 404)
    assert "/v1" in error.hint


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_thoughts_are_not_shown(server: OpenAIServer, make: Callable[..., OpenAIGenerator], field: str) -> None:
    server.then(fake.answer("Yes [1].", thoughts=field))
    assert read(make().stream(PROMPT))[0] == "Yes [1]."


def test_a_line_separator_inside_a_word_cuts_nothing(
    server: OpenAIServer, make: Callable[..., OpenAIGenerator]
) -> None:
    chunk = {"choices": [{"delta": {"content": "a\u2028b\x85c"}, "finish_reason": "stop"}]}
    whole = b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\r\n\r\ndata: [DONE]\r\n\r\n"
    server.then(raw(*(whole[at : at + 1] for at in range(len(whole)))))
    assert read(make().stream(PROMPT))[0] == "a\u2028b\x85c"


@pytest.mark.parametrize(
    ("unknown", "sent"),
    [
        ("stream_options", {"max_completion_tokens", "temperature"}),
        ("max_completion_tokens", {"max_tokens", "stream_options", "temperature"}),
        ("temperature", {"max_completion_tokens", "stream_options"}),
    ],
)
def test_what_a_server_refuses_to_be_asked_is_left_out_from_then_on(
    server: OpenAIServer, make: Callable[..., OpenAIGenerator], unknown: str, sent: set[str]
) -> None:
    server.unknown = (unknown,)
    generator = make()
    error = failure_of(generator)
    assert (error.failure, error.label, error.http_status) == ("other", "argument", 400)
    assert error.message == f"The server takes no {unknown}."
    assert read(generator.stream(PROMPT))[0] == TEXT
    assert read(generator.stream(PROMPT))[1] == []
    assert len(server.journal) == 3
    for exchange in server.journal[1:]:
        assert exchange.body.keys() - {"model", "messages", "stream"} == sent
    assert all(exchange.body.get("max_tokens", 500) == 500 for exchange in server.journal)


def test_a_server_that_knows_little_is_asked_with_little(
    server: OpenAIServer, make: Callable[..., OpenAIGenerator]
) -> None:
    server.unknown = ("stream_options", "max_completion_tokens", "temperature")
    generator = make()
    assert [failure_of(generator).label for _ in server.unknown] == ["argument"] * 3
    text, notices, completion = read(generator.stream(PROMPT))
    assert (text, completion.usage.source) == (TEXT, "estimate")
    assert notices == [f"{fake.MODEL} takes no temperature; it uses its own."]
    assert len(server.journal) == 4


def test_an_argument_is_given_up_once(server: OpenAIServer, make: Callable[..., OpenAIGenerator]) -> None:
    server.then(*[fake.refuse(400, None, "Unknown: temperature")] * 2)
    generator = make()
    assert [failure_of(generator).label for _ in range(2)] == ["argument", None]


ECHO = {"model": "m", "temperature": 0.2, "max_completion_tokens": 500, "stream_options": {"include_usage": True}}


@pytest.mark.parametrize(
    ("body", "given_up"),
    [
        ({"error": {"message": "max_completion_tokens and temperature", "param": "temperature"}}, "temperature"),
        ({"error": {"message": "temperature is odd", "param": "messages"}}, None),
        ({"error": {"message": f"Cannot read {ECHO}", "param": None}}, None),
        ({"error": {"message": "No role.", "request": ECHO}}, None),
        ({"detail": [{"loc": ["body", "messages", 0], "msg": "Field required", "input": ECHO}]}, None),
        ({"detail": [{"loc": ["body", "stream_options"], "msg": "Extra", "input": ECHO}]}, "stream_options"),
        ({"message": f"[{{'loc': ('body', 'stream_options'), 'input': {ECHO}}}]"}, "stream_options"),
        ({"message": f"[{{'loc': ('body', 'messages'), 'input': {ECHO}}}]"}, None),
        ({"error": "this build knows no stream_options, nor temperatures"}, "stream_options"),
        (b"<html>temperature</html>", None),
    ],
)
def test_only_what_the_error_is_about_is_given_up(
    server: OpenAIServer, make: Callable[..., OpenAIGenerator], body: object, given_up: str | None
) -> None:
    server.then(fail(422, body))
    generator = make()
    assert (failure_of(generator).label == "argument") == (given_up is not None)
    read(generator.stream(PROMPT))
    first, second = (exchange.body.keys() for exchange in server.journal)
    assert first - second == {given_up} - {None}


@pytest.mark.parametrize(
    ("said", "sizes"),
    [
        (
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.",
            " (9001 tokens, 8192 allowed)",
        ),
        (
            "'max_completion_tokens' is too large: 1024. This model's maximum context length is 4096 tokens and"
            " your request has 3500 input tokens",
            " (3500 tokens, 4096 allowed)",
        ),
        (
            "request (9001 tokens) exceeds the available context size (4096 tokens), try increasing it",
            " (9001 tokens, 4096 allowed)",
        ),
        ("The prompt does not fit the context window.", ""),
    ],
)
def test_a_prompt_longer_than_the_context_is_too_large_for_every_server(
    server: OpenAIServer, make: Callable[..., OpenAIGenerator], said: str, sizes: str
) -> None:
    server.then(fake.refuse(400, 400, said))
    error = failure_of(make())
    assert error.failure == "too_large"
    assert error.message == f"The prompt is longer than the model's context{sizes}."
    assert len(server.journal) == 1


BEFORE_THE_FIRST_WORD: list[tuple[Behaviour, str, int | None, str | None]] = [
    (fake.refuse(429, "insufficient_quota", "You exceeded your quota"), "key", 429, "insufficient_quota"),
    (fake.refuse(402, 402, "Insufficient credits"), "key", 402, None),
    (fake.refuse(404, 404, "The model `x` does not exist."), "model", 404, None),
    (fake.refuse(400, 400, "x is not a valid model ID"), "model", 400, None),
    (raw(b"data: [DONE]\n\n"), "garbage", None, "no_chunks"),
]


@pytest.mark.parametrize(("behaviour", "failure", "status", "code"), BEFORE_THE_FIRST_WORD)
def test_what_only_this_wire_says_is_understood(
    server: OpenAIServer,
    make: Callable[..., OpenAIGenerator],
    behaviour: Behaviour,
    failure: str,
    status: int | None,
    code: str | None,
) -> None:
    server.then(behaviour)
    error = failure_of(make())
    assert (error.failure, error.http_status, error.label) == (failure, status, code)
    assert "GROQ" not in error.message + error.hint
    assert len(server.journal) == 1


def test_a_filter_cuts_an_answer(server: OpenAIServer, make: Callable[..., OpenAIGenerator]) -> None:
    filtered = event({"choices": [{"finish_reason": "content_filter"}]})
    server.then(fake.broken(lambda wire: wire.piece(filtered)))
    text, _, completion = read(make().stream(PROMPT))
    assert (text, completion.finish, completion.failure) == ("The passages", "cut", "other")


def test_a_failure_after_the_last_word_costs_only_the_counts(
    server: OpenAIServer, make: Callable[..., OpenAIGenerator]
) -> None:
    server.then(fake.answer("Yes [1].", finish="length", then=hang_up))
    completion = read(make().stream(PROMPT))[2]
    assert (completion.text, completion.finish, completion.usage.source) == ("Yes [1].", "length", "estimate")


@pytest.mark.parametrize(("finish", "done"), [(None, True), ("stop", False)])
def test_a_reason_or_the_last_event_alone_ends_an_answer(
    server: OpenAIServer, make: Callable[..., OpenAIGenerator], finish: str | None, done: bool
) -> None:
    server.then(fake.answer(finish=finish, done=done))
    completion = read(make().stream(PROMPT))[2]
    assert (completion.text, completion.finish) == (TEXT, "stop")


def test_an_answer_without_text_keeps_its_counts(
    server: OpenAIServer, make: Callable[..., OpenAIGenerator]
) -> None:
    server.then(fake.answer("", finish="length", reasoning=500))
    completion = read(make().stream(PROMPT))[2]
    assert (completion.text, completion.finish) == ("", "length")
    assert completion.usage.reasoning_tokens == 500
