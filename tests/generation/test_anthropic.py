"""Answers from a server with the Anthropic wire, over real sockets."""

from __future__ import annotations

import socket
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ragchat.core.completion import Delta, Prompt
from ragchat.core.message import Message
from ragchat.errors import GenerationError
from ragchat.generation.providers.anthropic import AnthropicGenerator
from ragchat.generation.providers.deadlines import Deadlines
from ragchat.resilience.limits import Limit, of_headers
from tests.generation.prompts import PROMPT, read
from tests.servers import anthropic as fake
from tests.servers.anthropic import AnthropicServer
from tests.servers.groq import drip, end, malformed_chunk
from tests.servers.wire import fail, hang_up, html, never

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.servers.wire import Behaviour, Wire


@pytest.fixture
def server() -> Iterator[AnthropicServer]:
    with AnthropicServer() as running:
        yield running


@pytest.fixture
def make(server: AnthropicServer) -> Iterator[Callable[..., AnthropicGenerator]]:
    made: list[AnthropicGenerator] = []

    def generator(**changes: object) -> AnthropicGenerator:
        options = {
            "api_key": None,
            "base_url": server.url,
            "model": fake.MODEL,
            "temperature": 0.2,
            "max_tokens": 500,
            "deadlines": Deadlines(10.0, 10.0),
            **changes,
        }
        made.append(AnthropicGenerator(**options))  # type: ignore[arg-type]  # tests change single options
        return made[-1]

    yield generator
    for each in made:
        each.close()


def failure_of(generator: AnthropicGenerator) -> GenerationError:
    with pytest.raises(GenerationError) as raised:
        read(generator.stream(PROMPT))
    return raised.value


def spaces(wire: Wire) -> None:
    """White space for ever: nothing that a person sees."""
    while not wire.server.owner.stopping.wait(0.02):
        wire.piece(fake.word(" "))


def test_an_answer_streams_with_the_servers_own_counts(
    server: AnthropicServer, make: Callable[..., AnthropicGenerator]
) -> None:
    server.then(fake.answer("It cools for an hour [1].", cached=8, written=5))
    text, notices, completion = read(make().stream(PROMPT))
    assert text == "It cools for an hour [1]."
    assert notices == []
    assert (completion.provider, completion.model) == ("anthropic", fake.MODEL)
    assert (completion.finish, completion.request_id) == ("stop", fake.REQUEST_ID)
    usage = completion.usage
    claimed = server.journal[0].usage
    assert usage.source == "server"
    assert usage.prompt_tokens == claimed["input_tokens"] + 8 + 5
    assert usage.completion_tokens == claimed["output_tokens"] == 6
    assert (usage.cached_tokens, usage.reasoning_tokens) == (8, None)


def test_the_instructions_stand_beside_the_messages(
    server: AnthropicServer, make: Callable[..., AnthropicGenerator]
) -> None:
    generator = make()
    history = (Message("user", "What is bread?"), Message("assistant", "Food [1]."))
    prompt = Prompt(
        "Cool?", instructions="From the passages only.", history=history, rendered=("[1] x",), asked="?"
    )
    read(generator.stream(prompt))
    body = server.journal[0].body
    said = body.pop("messages")
    assert [message["role"] for message in said] == ["user", "assistant", "user"]
    assert said[-1]["content"] == prompt.messages[-1].text
    assert body == {
        "model": fake.MODEL,
        "temperature": 0.2,
        "max_tokens": 500,
        "stream": True,
        "system": "From the passages only.",
    }
    assert not {"authorization", "x-api-key"} & server.journal[0].headers.keys()
    assert (generator.max_tokens, generator.context) == (500, None)


def test_no_text_that_is_sent_is_empty(server: AnthropicServer, make: Callable[..., AnthropicGenerator]) -> None:
    read(make().stream(Prompt("Cool?", asked="Cool?")))
    assert "system" not in server.journal[0].body


def test_a_temperature_stays_within_what_is_taken(
    server: AnthropicServer, make: Callable[..., AnthropicGenerator]
) -> None:
    assert read(make(temperature=2.0).stream(PROMPT))[0] == fake.TEXT
    assert server.journal[0].body["temperature"] == 1.0


def test_a_model_that_takes_no_temperature_is_asked_without_from_then_on(
    server: AnthropicServer, make: Callable[..., AnthropicGenerator]
) -> None:
    server.unknown = ("temperature",)
    generator = make()
    assert failure_of(generator).code == "argument"
    assert read(generator.stream(PROMPT))[1] == [f"{fake.MODEL} takes no temperature; it uses its own."]
    assert read(generator.stream(PROMPT))[1] == []
    assert ["temperature" in exchange.body for exchange in server.journal] == [True, False, False]


def test_a_key_is_sent_and_never_said(server: AnthropicServer, make: Callable[..., AnthropicGenerator]) -> None:
    server.key = fake.KEY
    assert read(make(api_key=fake.KEY).stream(PROMPT))[0] == fake.TEXT
    error = failure_of(make(api_key="sk-ant-wrong-0123SECRET"))
    assert (error.failure, error.http_status, error.request_id) == ("key", 401, fake.REQUEST_ID)
    assert error.hint.startswith("Check ANTHROPIC_API_KEY;")
    server.then(fake.refuse(400, "invalid_request_error", f"{fake.KEY} may not do that"))
    assert failure_of(make(api_key=fake.KEY)).message == "The request was refused: … may not do that."


@pytest.mark.parametrize("key", ["", "sk-ant-ä", "sk-a\nsk-b", "sk a", "'sk-a'"])
def test_a_malformed_key_is_never_sent(
    server: AnthropicServer, make: Callable[..., AnthropicGenerator], key: str
) -> None:
    error = failure_of(make(api_key=key))
    assert (error.failure, error.code) == ("config", "malformed_key")
    assert error.message.startswith("ANTHROPIC_API_KEY ")
    assert "sk" not in error.message
    assert server.journal == []


@pytest.mark.parametrize("ending", ["", "/", "/v1/messages"])
def test_the_path_is_never_doubled(
    server: AnthropicServer, make: Callable[..., AnthropicGenerator], ending: str
) -> None:
    read(make(base_url=server.url + ending).stream(PROMPT))
    assert server.journal[0].path == "/v1/messages"


def test_a_wrong_path_is_told(server: AnthropicServer, make: Callable[..., AnthropicGenerator]) -> None:
    error = failure_of(make(base_url=f"{server.url}/openai"))
    assert (error.failure, error.http_status) == ("config", 404)
    assert error.hint == "Write ANTHROPIC_BASE_URL as `https://host`, without `/v1`."


def test_thoughts_are_not_shown(server: AnthropicServer, make: Callable[..., AnthropicGenerator]) -> None:
    server.then(fake.answer("Yes [1].", thoughts="hm, let me think"))
    assert read(make().stream(PROMPT))[0] == "Yes [1]."


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
    ],
)
def test_an_answer_says_why_it_ends(
    server: AnthropicServer, make: Callable[..., AnthropicGenerator], reason: str, finish: str
) -> None:
    server.then(fake.answer(reason=reason))
    assert read(make().stream(PROMPT))[2].finish == finish


def test_what_the_model_refuses_is_no_answer(
    server: AnthropicServer, make: Callable[..., AnthropicGenerator]
) -> None:
    server.then(fake.answer("", reason="refusal"))
    error = failure_of(make())
    assert (error.failure, error.code) == ("other", "content_filter")


def test_a_prompt_that_is_too_long_names_both_sizes(
    server: AnthropicServer, make: Callable[..., AnthropicGenerator]
) -> None:
    said = "prompt is too long: 208310 tokens > 200000 maximum"
    server.then(fake.refuse(400, "invalid_request_error", said))
    error = failure_of(make())
    assert error.failure == "too_large"
    assert error.message == "The prompt is longer than the model's context (208310 tokens, 200000 allowed)."


INVALID = "invalid_request_error"
BEFORE_THE_FIRST_WORD: list[tuple[Behaviour, str, int | None, str | None]] = [
    (fake.refuse(429, "rate_limit_error", "x", {"retry-after": "7"}), "limit", 429, "rate_limit_error"),
    (fake.refuse(400, INVALID, "Your credit balance is too low to access the API."), "key", 400, INVALID),
    (fake.refuse(402, "billing_error", "x"), "key", 402, "billing_error"),
    (fake.refuse(403, "permission_error", "x"), "key", 403, "permission_error"),
    (fake.refuse(404, "not_found_error", "model: claude-0"), "model", 404, "not_found_error"),
    (fake.refuse(413, "request_too_large", "x"), "too_large", 413, "request_too_large"),
    (fake.refuse(400, INVALID, "input length and `max_tokens` exceed context limit"), "too_large", 400, INVALID),
    (fake.refuse(500, "api_error", "x"), "server", 500, "api_error"),
    (fake.refuse(504, "timeout_error", "x"), "server", 504, "timeout_error"),
    (fake.refuse(529, "overloaded_error", "Overloaded"), "server", 529, "overloaded_error"),
    (fail(529), "server", 529, None),
    (fail(503, b"[" * 100_000), "server", 503, None),
    (fail(307, b"", {"Location": "http://elsewhere.invalid/"}), "garbage", 307, None),
    (html, "garbage", None, "no_chunks"),
    (lambda wire: wire.send(200, {"type": "message"}), "garbage", None, "no_chunks"),
    (fake.raw(fake.event("message_stop")), "garbage", None, "no_chunks"),
    (fake.raw(b"data: []\n\n"), "garbage", None, None),
    (fake.raw(b"data: " + b"[" * 100_000 + b"\n\n"), "garbage", None, None),
    (fake.raw(b'data: "\xff"\n\n'), "garbage", None, None),
    (fake.raw(b'data: {"type": "content_block_delta", "delta": 5}\n\n'), "garbage", None, "no_chunks"),
    (fake.raw(b'data: {"type": "message_start", "message": {"usage": 7}}\n\n'), "garbage", None, "no_chunks"),
    (fake.broken(end, after=0), "garbage", None, "no_chunks"),
    (fake.broken(malformed_chunk, after=0), "garbage", None, None),
    (fake.broken(fake.failing("overloaded_error"), after=0), "server", None, "overloaded_error"),
    (fake.broken(fake.failing("rate_limit_error"), after=0), "limit", None, "rate_limit_error"),
    (fake.broken(fake.failing("api_error"), after=0), "server", None, "api_error"),
    (fake.broken(hang_up, after=0), "network", None, "disconnected"),
    (hang_up, "network", None, "disconnected"),
]


@pytest.mark.parametrize(("behaviour", "failure", "status", "code"), BEFORE_THE_FIRST_WORD)
def test_a_failure_before_the_first_word_is_raised_after_one_request(
    server: AnthropicServer,
    make: Callable[..., AnthropicGenerator],
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


def test_a_limit_says_how_long_to_wait(server: AnthropicServer, make: Callable[..., AnthropicGenerator]) -> None:
    server.then(fake.refuse(429, "rate_limit_error", "x", {"retry-after": "7"}))
    assert failure_of(make()).retry_after_s == 7


@pytest.mark.parametrize(
    ("how", "failure"),
    [
        (end, "network"),
        (malformed_chunk, "garbage"),
        (fake.failing("overloaded_error"), "server"),
        (hang_up, "network"),
        (lambda wire: wire.piece(fake.event("message_delta", delta={"stop_reason": "refusal"})), "other"),
    ],
)
def test_a_failure_after_the_first_word_keeps_the_text(
    server: AnthropicServer, make: Callable[..., AnthropicGenerator], how: Behaviour, failure: str
) -> None:
    server.then(fake.broken(how, "It cools for an hour."))
    text, notices, completion = read(make().stream(PROMPT))
    assert text == "It cools"
    assert (completion.finish, completion.failure) == ("cut", failure)
    assert completion.usage.source == "estimate"
    assert len(notices) == 1
    assert notices[0].endswith("; the answer is incomplete.")
    assert len(server.journal) == 1


@pytest.mark.parametrize("then", [hang_up, fake.failing("api_error"), malformed_chunk, never])
def test_a_failure_after_the_last_word_costs_nothing(
    server: AnthropicServer, make: Callable[..., AnthropicGenerator], then: Behaviour
) -> None:
    server.then(fake.answer("Yes [1].", reason="max_tokens", then=then))
    text, notices, completion = read(make(deadlines=Deadlines(10.0, 0.3)).stream(PROMPT))
    assert (text, notices, completion.finish, completion.failure) == ("Yes [1].", [], "length", None)
    assert completion.usage.completion_tokens == 2


@pytest.mark.parametrize(("reason", "stop"), [(None, True), ("end_turn", False)])
def test_a_reason_or_the_last_event_alone_ends_an_answer(
    server: AnthropicServer, make: Callable[..., AnthropicGenerator], reason: str | None, stop: bool
) -> None:
    server.then(fake.answer(reason=reason, stop=stop))
    completion = read(make().stream(PROMPT))[2]
    assert (completion.text, completion.finish) == (fake.TEXT, "stop")


def test_every_reply_is_heard_with_its_limits_as_durations(
    server: AnthropicServer, make: Callable[..., AnthropicGenerator]
) -> None:
    heard: list[tuple[Limit, ...]] = []

    def hear(model: str, headers: Mapping[str, str]) -> None:
        assert model == fake.MODEL
        heard.append(of_headers(headers, datetime.now(UTC)))

    without = {"anthropic-ratelimit-tokens-reset": "soon"}
    server.then(fake.refuse(429, "rate_limit_error", "x"), fake.refuse(500, "api_error", "x", without))
    generator = make(heard=hear)
    failure_of(generator)
    failure_of(generator)
    read(generator.stream(PROMPT))
    (limit,) = heard[0]
    assert (limit.name, limit.allowed, limit.remaining) == ("tokens", 50_000, 4000)
    assert abs(limit.resets_at - datetime(2126, 1, 1, tzinfo=UTC)) < timedelta(minutes=5)
    assert [len(limits) for limits in heard] == [1, 0, 1]


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (never, "deadline_first"),
        (fake.broken(never, after=0), "deadline_first"),
        (fake.broken(drip, after=0), "deadline_first"),
        (fake.broken(fake.pings, after=0), "deadline_first"),
        (fake.broken(spaces, after=0), "deadline_first"),
    ],
)
def test_a_server_that_shows_nothing_is_left_in_time(
    server: AnthropicServer, make: Callable[..., AnthropicGenerator], behaviour: Behaviour, code: str
) -> None:
    server.then(behaviour)
    error = failure_of(make(deadlines=Deadlines(0.3, 60.0)))
    assert (error.failure, error.code) == ("timeout", code)


@pytest.mark.parametrize("how", [never, fake.pings])
@pytest.mark.parametrize("deadlines", [Deadlines(60.0, 0.3), Deadlines(60.0, 60.0, 0.3)])
def test_a_server_that_falls_silent_after_a_word_is_left_too(
    server: AnthropicServer, make: Callable[..., AnthropicGenerator], how: Behaviour, deadlines: Deadlines
) -> None:
    server.then(fake.broken(how))
    completion = read(make(deadlines=deadlines).stream(PROMPT))[2]
    assert (completion.text, completion.finish, completion.failure) == ("The passages", "cut", "timeout")


def test_a_closed_port_is_refused(make: Callable[..., AnthropicGenerator]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    error = failure_of(make(base_url=f"http://127.0.0.1:{port}"))
    assert (error.failure, error.code, error.hint) == ("network", "refused", "Check ANTHROPIC_BASE_URL.")


def test_the_destination_is_the_host(make: Callable[..., AnthropicGenerator]) -> None:
    assert make().destination is None
    assert make(base_url="https://api.anthropic.com").destination == "api.anthropic.com"


def test_an_abandoned_stream_is_hung_up(server: AnthropicServer, make: Callable[..., AnthropicGenerator]) -> None:
    server.then(fake.broken(never))
    with closing(make().stream(PROMPT)) as pieces:
        next(pieces)
    assert server.client_left.wait(10)


def test_an_interrupted_stream_keeps_its_text_and_is_hung_up(
    server: AnthropicServer, make: Callable[..., AnthropicGenerator]
) -> None:
    server.then(fake.broken(never))
    pieces = make().stream(PROMPT)
    assert next(pieces) == Delta("The")
    completion = pieces.throw(KeyboardInterrupt())
    assert server.client_left.wait(10)
    assert read([Delta("The"), completion, *pieces])[2].finish == "cut"
