"""Answers from a Groq-compatible server over real sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ragchat.generation.providers.groq import GroqGenerator
from tests.generation.clients import clients, failure_of
from tests.generation.prompts import PROMPT, read
from tests.servers import groq as fake
from tests.servers.events import event, raw
from tests.servers.wire import fail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.servers.groq import GroqServer
    from tests.servers.wire import Behaviour


@pytest.fixture
def make(groq_server: GroqServer) -> Iterator[Callable[..., GroqGenerator]]:
    with clients(GroqGenerator, api_key=fake.KEY, base_url=groq_server.url, model="openai/gpt-oss-20b") as make:
        yield make


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
    generator = make(model="openai/gpt-oss-20b", replaces="llama-3.1-8b-instant")
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


BEFORE_THE_FIRST_WORD: list[tuple[Behaviour, str, int | None, str | None]] = [
    (fake.refuse(307, "moved", "", {"Location": "http://elsewhere.invalid/"}), "garbage", 307, "moved"),
    (fake.refuse(413, "rate_limit_exceeded", "x"), "too_large", 413, "rate_limit_exceeded"),
    (fake.refuse(404, "unknown_url", "x"), "config", 404, "unknown_url"),
    (fake.refuse(498, "capacity_exceeded", "x"), "server", 498, "capacity_exceeded"),
    (fail(200, {"error": {"message": "no"}}), "garbage", None, "no_chunks"),
    (fake.broken(fake.x_groq_error, after=0), "server", None, "x_groq"),
]


@pytest.mark.parametrize(("behaviour", "failure", "status", "code"), BEFORE_THE_FIRST_WORD)
def test_what_only_this_wire_says_is_understood(
    groq_server: GroqServer,
    make: Callable[..., GroqGenerator],
    behaviour: Behaviour,
    failure: str,
    status: int | None,
    code: str | None,
) -> None:
    groq_server.then(behaviour)
    error = failure_of(make())
    assert (error.failure, error.http_status, error.label) == (failure, status, code)
    assert "OPENAI" not in error.message + error.hint
    assert len(groq_server.journal) == 1


def test_an_answer_that_is_stopped_early_keeps_its_text(
    groq_server: GroqServer, make: Callable[..., GroqGenerator]
) -> None:
    groq_server.then(fake.broken(fake.x_groq_error, "It cools for an hour."))
    text, notices, completion = read(make().stream(PROMPT))
    assert (text, completion.finish, completion.failure) == ("It cools", "cut", "server")
    assert notices == ["The server gave up: over capacity; the answer is incomplete."]
    assert completion.request_id == fake.REQUEST_ID


@pytest.mark.parametrize("field", ["usage", "x_groq"])
def test_counts_are_read_where_they_stand(
    groq_server: GroqServer, make: Callable[..., GroqGenerator], field: str
) -> None:
    counts = {
        "prompt_tokens": 7,
        "completion_tokens": 2,
        "queue_time": -1,
        "prompt_time": "0.1",
        "completion_time": 1,
    }
    last = {"choices": [{"delta": {"content": "Yes [1]."}, "finish_reason": "stop"}]}
    own = {"id": "req_1", **({"usage": counts} if field == "x_groq" else {})}
    groq_server.then(raw(event({**last, "x_groq": own, **({"usage": counts} if field == "usage" else {})})))
    completion = read(make().stream(PROMPT))[2]
    usage = completion.usage
    assert (completion.request_id, usage.source) == ("req_1", "server")
    assert (usage.prompt_tokens, usage.completion_tokens) == (7, 2)
    assert (usage.queue_s, usage.prompt_s, usage.completion_s) == (None, None, 1)


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
