"""Answers from a server with the OpenAI wire, over real sockets."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ragchat.core.completion import Delta
from ragchat.core.protocols import Roomy
from ragchat.errors import GenerationError
from ragchat.generation.providers.deadlines import Deadlines
from ragchat.generation.providers.openai import OpenAIGenerator
from tests.generation.prompts import PROMPT, read
from tests.servers import openai as fake
from tests.servers.groq import drip, end, error_event, malformed_chunk
from tests.servers.openai import OpenAIServer
from tests.servers.wire import fail, hang_up, html, never

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.servers.wire import Behaviour, Wire


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest.fixture
def make(server: OpenAIServer) -> Iterator[Callable[..., OpenAIGenerator]]:
    made: list[OpenAIGenerator] = []

    def generator(**changes: object) -> OpenAIGenerator:
        options = {
            "api_key": None,
            "base_url": f"{server.url}/v1",
            "model": fake.MODEL,
            "temperature": 0.2,
            "max_tokens": 500,
            "deadlines": Deadlines(10.0, 10.0),
            **changes,
        }
        made.append(OpenAIGenerator(**options))  # type: ignore[arg-type]  # tests change single options
        return made[-1]

    yield generator
    for each in made:
        each.close()


def failure_of(generator: OpenAIGenerator) -> GenerationError:
    with pytest.raises(GenerationError) as raised:
        read(generator.stream(PROMPT))
    return raised.value


def spaces(wire: Wire) -> None:
    """White space for ever: nothing that a person sees."""
    while not wire.server.owner.stopping.wait(0.02):
        wire.piece(fake.event({"choices": [{"delta": {"content": " "}}]}))


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


def test_a_key_is_sent_and_never_said(server: OpenAIServer, make: Callable[..., OpenAIGenerator]) -> None:
    server.key = fake.KEY
    assert read(make(api_key=fake.KEY).stream(PROMPT))[0] == fake.TEXT
    error = failure_of(make(api_key="sk-wrong-0123SECRET"))
    assert (error.failure, error.http_status) == ("key", 401)
    assert error.hint == "Check OPENAI_API_KEY."
    server.then(fake.refuse(400, None, f"{fake.KEY} may not do that"))
    assert failure_of(make(api_key=fake.KEY)).message == "The request was refused: … may not do that."


@pytest.mark.parametrize("key", ["", "sk-ä", "sk-a\nsk-b", "sk a", "'sk-a'"])
def test_a_malformed_key_is_never_sent(
    server: OpenAIServer, make: Callable[..., OpenAIGenerator], key: str
) -> None:
    error = failure_of(make(api_key=key))
    assert (error.failure, error.code) == ("config", "malformed_key")
    assert error.message.startswith("OPENAI_API_KEY ")
    assert "sk" not in error.message
    assert server.journal == []


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
    server.then(fake.raw(*(whole[at : at + 1] for at in range(len(whole)))))
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
    assert (error.failure, error.code, error.http_status) == ("other", "argument", 400)
    assert error.message == f"The server takes no {unknown}."
    assert read(generator.stream(PROMPT))[0] == fake.TEXT
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
    assert [failure_of(generator).code for _ in server.unknown] == ["argument"] * 3
    text, notices, completion = read(generator.stream(PROMPT))
    assert (text, completion.usage.source) == (fake.TEXT, "estimate")
    assert notices == [f"{fake.MODEL} takes no temperature; it uses its own."]
    assert len(server.journal) == 4


def test_an_argument_is_given_up_once(server: OpenAIServer, make: Callable[..., OpenAIGenerator]) -> None:
    server.then(*[fake.refuse(400, None, "Unknown: temperature")] * 2)
    generator = make()
    assert [failure_of(generator).code for _ in range(2)] == ["argument", None]


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
    assert (failure_of(generator).code == "argument") == (given_up is not None)
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
    (fake.refuse(429, "rate_limit_exceeded", "x", {"retry-after": "7"}), "limit", 429, "rate_limit_exceeded"),
    (fake.refuse(429, "insufficient_quota", "You exceeded your quota"), "key", 429, "insufficient_quota"),
    (fake.refuse(402, 402, "Insufficient credits"), "key", 402, None),
    (fake.refuse(404, 404, "The model `x` does not exist."), "model", 404, None),
    (fake.refuse(400, 400, "x is not a valid model ID"), "model", 400, None),
    (fail(413, b"<html>413 Request Entity Too Large</html>"), "too_large", 413, None),
    (fail(500, {"error": "out of memory"}), "server", 500, None),
    (fail(502), "server", 502, None),
    (fail(503, b"[" * 100_000), "server", 503, None),
    (fail(307, b"", {"Location": "http://elsewhere.invalid/"}), "garbage", 307, None),
    (html, "garbage", None, "no_chunks"),
    (lambda wire: wire.send(200, {"choices": []}), "garbage", None, "no_chunks"),
    (lambda wire: wire.send(200, b""), "garbage", None, "no_chunks"),
    (fake.raw(b"data: [DONE]\n\n"), "garbage", None, "no_chunks"),
    (fake.raw(b"data: []\n\n"), "garbage", None, None),
    (fake.raw(b"data: " + b"[" * 100_000 + b"\n\n"), "garbage", None, None),
    (fake.raw(b'data: "\xff"\n\n'), "garbage", None, None),
    (fake.raw(b'data: {"choices": 5, "usage": 7}\n\n'), "garbage", None, "no_chunks"),
    (fake.raw(b'data: {"error": {"code": 429, "message": "slow"}}\n\n'), "limit", None, "stream_error"),
    (fake.raw(b'data: {"error": "broken"}\n\n'), "server", None, "stream_error"),
    (fake.broken(end, after=0), "garbage", None, "no_chunks"),
    (fake.broken(malformed_chunk, after=0), "garbage", None, None),
    (fake.broken(error_event, after=0), "server", None, "stream_error"),
    (fake.broken(hang_up, after=0), "network", None, "disconnected"),
    (hang_up, "network", None, "disconnected"),
]


@pytest.mark.parametrize(("behaviour", "failure", "status", "code"), BEFORE_THE_FIRST_WORD)
def test_a_failure_before_the_first_word_is_raised_after_one_request(
    server: OpenAIServer,
    make: Callable[..., OpenAIGenerator],
    behaviour: Behaviour,
    failure: str,
    status: int | None,
    code: str | None,
) -> None:
    server.then(behaviour)
    error = failure_of(make())
    assert (error.failure, error.http_status, error.code) == (failure, status, code)
    assert "GROQ" not in error.message + error.hint
    assert len(server.journal) == 1


@pytest.mark.parametrize(
    ("how", "failure"),
    [
        (end, "network"),
        (malformed_chunk, "garbage"),
        (error_event, "server"),
        (hang_up, "network"),
        (lambda wire: wire.piece(fake.event({"choices": [{"finish_reason": "content_filter"}]})), "other"),
    ],
)
def test_a_failure_after_the_first_word_keeps_the_text(
    server: OpenAIServer, make: Callable[..., OpenAIGenerator], how: Behaviour, failure: str
) -> None:
    server.then(fake.broken(how, "It cools for an hour."))
    text, notices, completion = read(make().stream(PROMPT))
    assert text == "It cools"
    assert (completion.finish, completion.failure) == ("cut", failure)
    assert completion.usage.source == "estimate"
    assert len(notices) == 1
    assert notices[0].endswith("; the answer is incomplete.")
    assert len(server.journal) == 1


@pytest.mark.parametrize("then", [hang_up, error_event, malformed_chunk, never])
def test_a_failure_after_the_last_word_costs_only_the_counts(
    server: OpenAIServer, make: Callable[..., OpenAIGenerator], then: Behaviour
) -> None:
    server.then(fake.answer("Yes [1].", finish="length", then=then))
    text, notices, completion = read(make(deadlines=Deadlines(10.0, 0.3)).stream(PROMPT))
    assert (text, notices, completion.finish, completion.failure) == ("Yes [1].", [], "length", None)
    assert completion.usage.source == "estimate"


@pytest.mark.parametrize(("finish", "done"), [(None, True), ("stop", False)])
def test_a_reason_or_the_last_event_alone_ends_an_answer(
    server: OpenAIServer, make: Callable[..., OpenAIGenerator], finish: str | None, done: bool
) -> None:
    server.then(fake.answer(finish=finish, done=done))
    completion = read(make().stream(PROMPT))[2]
    assert (completion.text, completion.finish) == (fake.TEXT, "stop")


def test_an_answer_without_text_keeps_its_counts(
    server: OpenAIServer, make: Callable[..., OpenAIGenerator]
) -> None:
    server.then(fake.answer("", finish="length", reasoning=500))
    completion = read(make().stream(PROMPT))[2]
    assert (completion.text, completion.finish) == ("", "length")
    assert completion.usage.reasoning_tokens == 500


def test_every_reply_is_heard_refusals_too(server: OpenAIServer, make: Callable[..., OpenAIGenerator]) -> None:
    heard: list[tuple[str, str | None]] = []

    def hear(model: str, headers: Mapping[str, str]) -> None:
        heard.append((model, headers.get("X-RateLimit-Remaining-Tokens")))

    server.then(fake.refuse(429, "x", "x", {"x-ratelimit-remaining-tokens": "0"}), hang_up)
    generator = make(heard=hear)
    failure_of(generator)
    failure_of(generator)
    read(generator.stream(PROMPT))
    assert heard == [(fake.MODEL, "0"), (fake.MODEL, "7000")]


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (never, "deadline_first"),
        (fake.broken(never, after=0), "deadline_first"),
        (fake.broken(drip, after=0), "deadline_first"),
        (fake.broken(spaces, after=0), "deadline_first"),
    ],
)
def test_a_server_that_shows_nothing_is_left_in_time(
    server: OpenAIServer, make: Callable[..., OpenAIGenerator], behaviour: Behaviour, code: str
) -> None:
    server.then(behaviour)
    error = failure_of(make(deadlines=Deadlines(0.3, 60.0)))
    assert (error.failure, error.code) == ("timeout", code)
    assert error.hint == "Raise GROQ_TIMEOUT, or ask again."


def test_a_refusal_without_end_is_left_in_time(server: OpenAIServer, make: Callable[..., OpenAIGenerator]) -> None:
    def behave(wire: Wire) -> None:
        wire.send(500, b"oops", {"Content-Length": "1000"})
        wire.stall()

    server.then(behave)
    assert failure_of(make(deadlines=Deadlines(0.3, 60.0))).code == "deadline_first"


@pytest.mark.parametrize("how", [never, drip])
@pytest.mark.parametrize("deadlines", [Deadlines(60.0, 0.3), Deadlines(60.0, 60.0, 0.3)])
def test_a_server_that_falls_silent_after_a_word_is_left_too(
    server: OpenAIServer, make: Callable[..., OpenAIGenerator], how: Behaviour, deadlines: Deadlines
) -> None:
    server.then(fake.broken(how))
    completion = read(make(deadlines=deadlines).stream(PROMPT))[2]
    assert (completion.text, completion.finish, completion.failure) == ("The passages", "cut", "timeout")


def test_the_time_between_words_may_be_longer_than_that_to_the_first(
    server: OpenAIServer, make: Callable[..., OpenAIGenerator]
) -> None:
    def pause(wire: Wire) -> None:
        wire.server.owner.stopping.wait(1.3)
        wire.piece(fake.event({"choices": [{"delta": {"content": " [1]."}, "finish_reason": "stop"}]}))

    server.then(fake.broken(pause, "Yes indeed"))
    assert read(make(deadlines=Deadlines(1.0, 60.0)).stream(PROMPT))[0] == "Yes indeed [1]."


@pytest.mark.parametrize(
    ("url", "failure", "code"),
    [
        ("http://openai.invalid/v1", "network", "dns"),
        ("ftp://127.0.0.1/v1", "config", None),
    ],
)
def test_an_address_that_cannot_be_called_is_told(
    make: Callable[..., OpenAIGenerator], url: str, failure: str, code: str | None
) -> None:
    error = failure_of(make(base_url=url))
    assert (error.failure, error.code) == (failure, code)


def test_a_closed_port_is_refused(make: Callable[..., OpenAIGenerator]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    error = failure_of(make(base_url=f"http://127.0.0.1:{port}/v1"))
    assert (error.failure, error.code, error.hint) == ("network", "refused", "Check OPENAI_BASE_URL.")


def test_a_plain_server_is_no_secure_one(server: OpenAIServer, make: Callable[..., OpenAIGenerator]) -> None:
    error = failure_of(make(base_url=server.url.replace("http", "https")))
    assert (error.failure, error.code) == ("network", "tls")


def test_a_proxy_is_asked_for_other_machines_only(
    make: Callable[..., OpenAIGenerator], server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
    assert read(make().stream(PROMPT))[0] == fake.TEXT
    away = make(base_url="http://openai.invalid/v1")
    assert away.destination == "openai.invalid"
    assert failure_of(away).code == "refused"


def test_an_abandoned_stream_is_hung_up(server: OpenAIServer, make: Callable[..., OpenAIGenerator]) -> None:
    server.then(fake.broken(never))
    with closing(make().stream(PROMPT)) as pieces:
        next(pieces)
    assert server.client_left.wait(10)


def test_an_interrupted_stream_keeps_its_text_and_is_hung_up(
    server: OpenAIServer, make: Callable[..., OpenAIGenerator]
) -> None:
    server.then(fake.broken(never))
    pieces = make().stream(PROMPT)
    assert next(pieces) == Delta("The")
    completion = pieces.throw(KeyboardInterrupt())
    assert server.client_left.wait(10)
    assert read([Delta("The"), completion, *pieces])[2].finish == "cut"
