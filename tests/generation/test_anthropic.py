"""Answers from a server with the Anthropic wire, over real sockets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ragchat.core.completion import Prompt
from ragchat.core.message import Message
from ragchat.generation.providers.anthropic import AnthropicGenerator
from ragchat.generation.providers.deadlines import Deadlines
from ragchat.resilience.limits import Limit, of_headers
from tests.generation.clients import clients, failure_of
from tests.generation.prompts import PROMPT, read
from tests.servers import anthropic as fake
from tests.servers.anthropic import INVALID, AnthropicServer
from tests.servers.events import TEXT, raw
from tests.servers.wire import fail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.servers.wire import Behaviour


@pytest.fixture
def server() -> Iterator[AnthropicServer]:
    with AnthropicServer() as running:
        yield running


@pytest.fixture
def make(server: AnthropicServer) -> Iterator[Callable[..., AnthropicGenerator]]:
    with clients(AnthropicGenerator, api_key=None, base_url=server.url, model=fake.MODEL) as make:
        yield make


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
    assert read(make(temperature=2.0).stream(PROMPT))[0] == TEXT
    assert server.journal[0].body["temperature"] == 1.0


def test_a_model_that_takes_no_temperature_is_asked_without_from_then_on(
    server: AnthropicServer, make: Callable[..., AnthropicGenerator]
) -> None:
    server.unknown = ("temperature",)
    generator = make()
    assert failure_of(generator).label == "argument"
    assert read(generator.stream(PROMPT))[1] == [f"{fake.MODEL} takes no temperature; it uses its own."]
    assert read(generator.stream(PROMPT))[1] == []
    assert ["temperature" in exchange.body for exchange in server.journal] == [True, False, False]


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
    assert (error.failure, error.label) == ("other", "content_filter")


def test_a_prompt_that_is_too_long_names_both_sizes(
    server: AnthropicServer, make: Callable[..., AnthropicGenerator]
) -> None:
    said = "prompt is too long: 208310 tokens > 200000 maximum"
    server.then(fake.refuse(400, "invalid_request_error", said))
    error = failure_of(make())
    assert error.failure == "too_large"
    assert error.message == "The prompt is longer than the model's context (208310 tokens, 200000 allowed)."


BEFORE_THE_FIRST_WORD: list[tuple[Behaviour, str, int | None, str | None]] = [
    (
        fake.refuse(400, INVALID, "Your credit balance is too low to access the API."),
        "key",
        400,
        INVALID,
    ),
    (fake.refuse(402, "billing_error", "x"), "key", 402, "billing_error"),
    (fake.refuse(403, "permission_error", "x"), "key", 403, "permission_error"),
    (fake.refuse(404, "not_found_error", "model: claude-0"), "model", 404, "not_found_error"),
    (fake.refuse(413, "request_too_large", "x"), "too_large", 413, "request_too_large"),
    (
        fake.refuse(400, INVALID, "input length and `max_tokens` exceed context limit"),
        "too_large",
        400,
        INVALID,
    ),
    (fake.refuse(500, "api_error", "x"), "server", 500, "api_error"),
    (fake.refuse(504, "timeout_error", "x"), "server", 504, "timeout_error"),
    (fake.refuse(529, "overloaded_error", "Overloaded"), "server", 529, "overloaded_error"),
    (fail(529), "server", 529, None),
    (raw(fake.event("message_stop")), "garbage", None, "no_chunks"),
    (raw(b'data: {"type": "content_block_delta", "delta": 5}\n\n'), "garbage", None, "no_chunks"),
    (raw(b'data: {"type": "message_start", "message": {"usage": 7}}\n\n'), "garbage", None, "no_chunks"),
    (fake.broken(fake.failing("overloaded_error"), after=0), "server", None, "overloaded_error"),
    (fake.broken(fake.failing("rate_limit_error"), after=0), "limit", None, "rate_limit_error"),
    (fake.broken(fake.failing("api_error"), after=0), "server", None, "api_error"),
]


@pytest.mark.parametrize(("behaviour", "failure", "status", "code"), BEFORE_THE_FIRST_WORD)
def test_what_only_this_wire_says_is_understood(
    server: AnthropicServer,
    make: Callable[..., AnthropicGenerator],
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


def test_a_refusal_in_the_midst_cuts_an_answer(
    server: AnthropicServer, make: Callable[..., AnthropicGenerator]
) -> None:
    refused = fake.event("message_delta", delta={"stop_reason": "refusal"})
    server.then(fake.broken(lambda wire: wire.piece(refused)))
    text, _, completion = read(make().stream(PROMPT))
    assert (text, completion.finish, completion.failure) == ("The passages", "cut", "other")


def test_a_failure_after_the_last_word_costs_nothing(
    server: AnthropicServer, make: Callable[..., AnthropicGenerator]
) -> None:
    server.then(fake.answer("Yes [1].", reason="max_tokens", then=fake.failing("api_error")))
    completion = read(make().stream(PROMPT))[2]
    assert (completion.finish, completion.failure, completion.usage.completion_tokens) == ("length", None, 2)


def test_pings_are_no_text(server: AnthropicServer, make: Callable[..., AnthropicGenerator]) -> None:
    server.then(fake.broken(fake.pings, after=0))
    assert failure_of(make(deadlines=Deadlines(0.3, 60.0))).label == "deadline_first"


@pytest.mark.parametrize(("reason", "stop"), [(None, True), ("end_turn", False)])
def test_a_reason_or_the_last_event_alone_ends_an_answer(
    server: AnthropicServer, make: Callable[..., AnthropicGenerator], reason: str | None, stop: bool
) -> None:
    server.then(fake.answer(reason=reason, stop=stop))
    completion = read(make().stream(PROMPT))[2]
    assert (completion.text, completion.finish) == (TEXT, "stop")


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
