"""Answers from a Groq-compatible server over real sockets."""

from __future__ import annotations

import itertools
import socket
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ragchat.core.completion import Delta
from ragchat.errors import GenerationError
from ragchat.generation.providers.deadlines import Deadlines
from ragchat.generation.providers.groq import GroqGenerator
from tests.generation.prompts import PROMPT, read
from tests.servers import groq as fake
from tests.servers.wire import hang_up, html, never

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.servers.groq import GroqServer
    from tests.servers.wire import Behaviour


@pytest.fixture
def make(groq_server: GroqServer) -> Iterator[Callable[..., GroqGenerator]]:
    made: list[GroqGenerator] = []

    def generator(**changes: object) -> GroqGenerator:
        options = {
            "api_key": fake.KEY,
            "base_url": groq_server.url,
            "model": "openai/gpt-oss-20b",
            "temperature": 0.2,
            "max_tokens": 500,
            "deadlines": Deadlines(10.0, 10.0),
            **changes,
        }
        made.append(GroqGenerator(**options))  # type: ignore[arg-type]  # tests change single options
        return made[-1]

    yield generator
    for each in made:
        each.close()


def failure_of(generator: GroqGenerator) -> GenerationError:
    with pytest.raises(GenerationError) as raised:
        read(generator.stream(PROMPT))
    return raised.value


def test_an_answer_streams_with_the_servers_own_counts(
    groq_server: GroqServer, make: Callable[..., GroqGenerator]
) -> None:
    groq_server.then(fake.answer("It cools for an hour [1].", reasoning=40, cached=8))
    text, notices, completion = read(make().stream(PROMPT))
    assert text == "It cools for an hour [1]."
    assert notices == []
    assert (completion.provider, completion.model) == ("groq", "openai/gpt-oss-20b")
    assert (completion.finish, completion.request_id) == ("stop", fake.REQUEST_ID)
    usage = completion.usage
    claimed = groq_server.journal[0].usage
    assert usage.source == "server"
    assert usage.prompt_tokens == claimed["prompt_tokens"]
    assert usage.completion_tokens == claimed["completion_tokens"]
    assert (usage.reasoning_tokens, usage.cached_tokens) == (40, 8)
    assert (usage.queue_s, usage.prompt_s, usage.completion_s) == (0.005, 0.015, 0.25)
    assert usage.first_token_s is not None
    assert 0 < usage.first_token_s <= usage.total_s


def test_a_reasoning_model_is_told_to_be_brief_and_silent(
    groq_server: GroqServer, make: Callable[..., GroqGenerator]
) -> None:
    read(make().stream(PROMPT))
    body = groq_server.journal[0].body
    assert body["reasoning_effort"] == "low"
    assert body["include_reasoning"] is False
    assert body["max_completion_tokens"] == 1024
    assert body["temperature"] == 0.2
    assert body["stream"] is True
    assert [message["role"] for message in body["messages"]] == ["system", "user"]


def test_thoughts_are_not_shown(groq_server: GroqServer, make: Callable[..., GroqGenerator]) -> None:
    groq_server.then(fake.answer("Yes [1].", thoughts=3))
    assert read(make().stream(PROMPT))[0] == "Yes [1]."


def test_a_retired_model_is_replaced_and_that_is_said_once(
    groq_server: GroqServer, make: Callable[..., GroqGenerator]
) -> None:
    generator = make(model="llama-3.1-8b-instant")
    _, first, completion = read(generator.stream(PROMPT))
    _, second, _ = read(generator.stream(PROMPT))
    assert first == ["Groq retired llama-3.1-8b-instant; openai/gpt-oss-20b answers. Set GROQ_MODEL to it."]
    assert second == []
    assert completion.model == groq_server.journal[0].body["model"] == "openai/gpt-oss-20b"


def test_the_token_limit_is_a_finish_of_its_own(
    groq_server: GroqServer, make: Callable[..., GroqGenerator]
) -> None:
    groq_server.then(fake.answer("Half an", finish="length"))
    assert read(make().stream(PROMPT))[2].finish == "length"


def test_without_counts_tokens_are_an_estimate(
    groq_server: GroqServer, make: Callable[..., GroqGenerator]
) -> None:
    groq_server.then(fake.answer("Yes [1].", usage=False))
    usage = read(make().stream(PROMPT))[2].usage
    assert (usage.source, usage.prompt_tokens) == ("estimate", PROMPT.context_tokens)


def test_the_destination_is_the_host_unless_it_is_this_machine(make: Callable[..., GroqGenerator]) -> None:
    assert make().destination is None
    assert make(base_url="https://api.groq.com").destination == "api.groq.com"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("", "is empty"),
        ("gsk_ä", "not ASCII"),
        ("gsk_a\ngsk_b", "line break"),
        ("gsk_a gsk_b", "white space"),
        ("gsk_a\x00", "white space"),
        ('"gsk_a"', "quotation mark"),
    ],
)
def test_a_malformed_key_is_never_sent(
    groq_server: GroqServer, make: Callable[..., GroqGenerator], key: str, said: str
) -> None:
    error = failure_of(make(api_key=key))
    assert error.failure == "config"
    assert said in error.message
    assert "gsk_" not in error.message
    assert groq_server.journal == []


BEFORE_THE_FIRST_WORD: list[tuple[Behaviour, str, int | None, str | None]] = [
    (fake.refuse(401, "invalid_api_key", "Invalid API Key"), "key", 401, "invalid_api_key"),
    (fake.refuse(429, "rate_limit_exceeded", "x", {"retry-after": "7"}), "limit", 429, "rate_limit_exceeded"),
    (fake.refuse(500, "internal", "boom"), "server", 500, "internal"),
    (fake.refuse(307, "moved", "", {"Location": "http://elsewhere.invalid/"}), "garbage", 307, "moved"),
    (html, "garbage", None, "no_chunks"),
    (lambda wire: wire.send(200, {"choices": []}), "garbage", None, "no_chunks"),
    (lambda wire: wire.send(200, b""), "garbage", None, "no_chunks"),
    (fake.broken(fake.end, after=0), "garbage", None, "no_chunks"),
    (fake.broken(fake.malformed_chunk, after=0), "garbage", None, None),
    (fake.broken(fake.error_event, after=0), "server", None, "stream_error"),
    (fake.broken(fake.x_groq_error, after=0), "server", None, "x_groq"),
    (fake.broken(hang_up, after=0), "network", None, "disconnected"),
    (hang_up, "network", None, "disconnected"),
]


@pytest.mark.parametrize(("behaviour", "failure", "status", "code"), BEFORE_THE_FIRST_WORD)
def test_a_failure_before_the_first_word_is_raised_after_one_request(
    groq_server: GroqServer,
    make: Callable[..., GroqGenerator],
    behaviour: Behaviour,
    failure: str,
    status: int | None,
    code: str | None,
) -> None:
    groq_server.then(behaviour)
    error = failure_of(make())
    assert (error.failure, error.http_status, error.code) == (failure, status, code)
    assert len(groq_server.journal) == 1


@pytest.mark.parametrize(
    ("how", "failure"),
    [
        (fake.end, "network"),
        (fake.malformed_chunk, "garbage"),
        (fake.error_event, "server"),
        (fake.x_groq_error, "server"),
        (hang_up, "network"),
    ],
)
def test_a_failure_after_the_first_word_keeps_the_text(
    groq_server: GroqServer, make: Callable[..., GroqGenerator], how: Behaviour, failure: str
) -> None:
    groq_server.then(fake.broken(how, "It cools for an hour."))
    text, notices, completion = read(make().stream(PROMPT))
    assert text == "It cools"
    assert (completion.finish, completion.failure) == ("cut", failure)
    assert completion.usage.source == "estimate"
    assert len(notices) == 1
    assert notices[0].endswith("; the answer is incomplete.")
    assert len(groq_server.journal) == 1


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (never, "deadline_first"),
        (fake.broken(never, after=0), "deadline_first"),
        (fake.broken(fake.drip, after=0), "deadline_first"),
    ],
)
def test_a_server_that_shows_nothing_is_left_in_time(
    groq_server: GroqServer, make: Callable[..., GroqGenerator], behaviour: Behaviour, code: str
) -> None:
    groq_server.then(behaviour)
    error = failure_of(make(deadlines=Deadlines(0.3, 60.0)))
    assert (error.failure, error.code) == ("timeout", code)
    assert error.hint == "Raise GROQ_TIMEOUT, or ask again."


@pytest.mark.parametrize("how", [never, fake.drip])
@pytest.mark.parametrize("deadlines", [Deadlines(60.0, 0.3), Deadlines(60.0, 60.0, 0.3)])
def test_a_server_that_falls_silent_after_a_word_is_left_too(
    groq_server: GroqServer, make: Callable[..., GroqGenerator], how: Behaviour, deadlines: Deadlines
) -> None:
    groq_server.then(fake.broken(how))
    completion = read(make(deadlines=deadlines).stream(PROMPT))[2]
    assert (completion.text, completion.finish, completion.failure) == ("The passages", "cut", "timeout")


def test_every_reply_is_heard_refusals_too(groq_server: GroqServer, make: Callable[..., GroqGenerator]) -> None:
    heard: list[tuple[str, str | None]] = []

    def hear(model: str, headers: Mapping[str, str]) -> None:
        heard.append((model, headers.get("X-RateLimit-Remaining-Tokens")))

    groq_server.then(fake.refuse(429, "x", "x", {"x-ratelimit-remaining-tokens": "0"}), hang_up)
    generator = make(heard=hear)
    failure_of(generator)
    failure_of(generator)
    read(generator.stream(PROMPT))
    assert heard == [("openai/gpt-oss-20b", "0"), ("openai/gpt-oss-20b", "7000")]


def test_what_it_asks_for_at_the_most_is_known_before(make: Callable[..., GroqGenerator]) -> None:
    assert (make().max_tokens, make().context) == (1024, 131_072)
    unknown = make(model="compound-next")
    assert (unknown.max_tokens, unknown.context) == (500, None)


def test_room_is_doubled_up_to_what_the_model_writes(
    groq_server: GroqServer, make: Callable[..., GroqGenerator]
) -> None:
    generator = make()
    assert (generator.roomier(), generator.max_tokens) == (True, 2048)
    read(generator.stream(PROMPT))
    assert groq_server.journal[0].body["max_completion_tokens"] == 2048
    assert (generator.another_model(), generator.max_tokens) == ("openai/gpt-oss-120b", 2048)
    wordy = make(model="qwen/qwen3.8-27b", max_tokens=16_000)
    assert [(wordy.roomier(), wordy.max_tokens) for _ in range(2)] == [(True, 16_384), (False, 16_384)]


def test_a_server_that_goes_on_showing_text_may_take_its_time(
    groq_server: GroqServer, make: Callable[..., GroqGenerator]
) -> None:
    text = " ".join(["word"] * 30)
    groq_server.then(fake.answer(text))
    seconds = itertools.count(step=2.0)
    completion = read(make(clock=lambda: next(seconds)).stream(PROMPT))[2]
    assert (completion.text, completion.finish) == (text, "stop")
    assert completion.usage.total_s > 60


@pytest.mark.parametrize(
    ("url", "failure", "code"),
    [
        ("http://groq.invalid", "network", "dns"),
        ("ftp://127.0.0.1", "config", None),
    ],
)
def test_an_address_that_cannot_be_called_is_told(
    make: Callable[..., GroqGenerator], url: str, failure: str, code: str | None
) -> None:
    error = failure_of(make(base_url=url))
    assert (error.failure, error.code) == (failure, code)


def test_a_closed_port_is_refused(make: Callable[..., GroqGenerator]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    error = failure_of(make(base_url=f"http://127.0.0.1:{port}"))
    assert (error.failure, error.code) == ("network", "refused")


def test_a_plain_server_is_no_secure_one(groq_server: GroqServer, make: Callable[..., GroqGenerator]) -> None:
    error = failure_of(make(base_url=groq_server.url.replace("http", "https")))
    assert (error.failure, error.code) == ("network", "tls")


def test_a_proxy_is_not_asked_for_this_machine(
    make: Callable[..., GroqGenerator], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert read(make().stream(PROMPT))[0] == fake.TEXT


def test_an_abandoned_stream_is_hung_up(groq_server: GroqServer, make: Callable[..., GroqGenerator]) -> None:
    groq_server.then(fake.broken(never))
    with closing(make().stream(PROMPT)) as pieces:
        next(pieces)
    assert groq_server.client_left.wait(10)


def test_an_interrupted_stream_keeps_its_text_and_is_hung_up(
    groq_server: GroqServer, make: Callable[..., GroqGenerator]
) -> None:
    groq_server.then(fake.broken(never))
    pieces = make().stream(PROMPT)
    assert next(pieces) == Delta("The")
    completion = pieces.throw(KeyboardInterrupt())
    assert groq_server.client_left.wait(10)
    assert read([Delta("The"), completion, *pieces])[2].finish == "cut"
