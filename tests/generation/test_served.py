"""What holds for every server that streams events, whatever its wire: asked over real sockets."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ragchat.core.completion import Delta
from ragchat.generation.providers.deadlines import Deadlines
from tests.generation.clients import failure_of
from tests.generation.prompts import PROMPT, read
from tests.servers.events import TEXT, end, error_event, malformed_chunk, raw
from tests.servers.wire import fail, hang_up, html, never

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ragchat.generation.providers.served import ServedGenerator
    from tests.generation.kinds import Kind
    from tests.servers.events import EventServer
    from tests.servers.wire import Behaviour


def test_an_answer_streams_with_the_servers_own_counts(
    kind: Kind, server: EventServer, make: Callable[..., ServedGenerator]
) -> None:
    server.then(kind.fake.answer("It cools for an hour [1]."))
    text, notices, completion = read(make().stream(PROMPT))
    assert (text, notices) == ("It cools for an hour [1].", [])
    assert (completion.provider, completion.model) == (kind.client.provider, kind.model)
    assert (completion.finish, completion.request_id) == ("stop", kind.fake.REQUEST_ID)
    usage = completion.usage
    assert usage.source == "server"
    assert usage.prompt_tokens == sum(len(one["content"].split()) for one in server.journal[0].body["messages"])
    assert usage.completion_tokens == 6
    assert usage.first_token_s is not None
    assert 0 < usage.first_token_s <= usage.total_s
    assert server.journal[0].path == kind.path


def test_two_answers_at_once_are_kept_apart(
    kind: Kind, server: EventServer, make: Callable[..., ServedGenerator]
) -> None:
    server.then(kind.fake.broken(never), kind.fake.answer("Yes [1]."))
    generator = make(deadlines=Deadlines(10.0, 0.5))
    with closing(generator.stream(PROMPT)) as first:
        assert next(first) == Delta("The")
        assert read(generator.stream(PROMPT))[0] == "Yes [1]."
        assert read([Delta("The"), *first])[2].failure == "timeout"
    assert read(generator.stream(PROMPT))[0] == TEXT


def test_the_path_is_never_doubled(kind: Kind, server: EventServer, make: Callable[..., ServedGenerator]) -> None:
    read(make(base_url=f"{server.url}{kind.base}/").stream(PROMPT))
    assert server.journal[0].path == kind.path


def test_a_wrong_path_is_told(kind: Kind, server: EventServer, make: Callable[..., ServedGenerator]) -> None:
    error = failure_of(make(base_url=f"{server.url}/elsewhere"))
    assert (error.failure, error.http_status) == ("config", 404)
    assert error.hint.startswith(f"Write {kind.prefix}_BASE_URL as ")


def test_a_key_is_sent_and_never_said(
    kind: Kind, server: EventServer, make: Callable[..., ServedGenerator]
) -> None:
    assert read(make().stream(PROMPT))[0] == TEXT
    error = failure_of(make(api_key="sk-wrong-0123SECRET"))
    assert (error.failure, error.http_status) == ("key", 401)
    assert error.hint.startswith(f"Check {kind.prefix}_API_KEY")
    assert "SECRET" not in error.message + error.hint
    server.then(kind.fake.refuse(400, "x", f"{kind.fake.KEY} may not do that"))
    assert failure_of(make()).message == "The request was refused: … may not do that."


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("", "is empty"),
        ("sk-ä", "not ASCII"),
        ("sk-a\nsk-b", "line break"),
        ("sk-a sk-b", "white space"),
        ("sk-a\x00", "white space"),
        ("'sk-a'", "quotation mark"),
    ],
)
def test_a_malformed_key_is_never_sent(
    kind: Kind, server: EventServer, make: Callable[..., ServedGenerator], key: str, said: str
) -> None:
    error = failure_of(make(api_key=key))
    assert (error.failure, error.label) == ("config", "malformed_key")
    assert error.message.startswith(f"{kind.prefix}_API_KEY ")
    assert said in error.message
    assert "sk-" not in error.message
    assert server.journal == []


REFUSED: list[tuple[Behaviour, str, int | None, str | None]] = [
    (fail(413, b"<html>413 Request Entity Too Large</html>"), "too_large", 413, None),
    (fail(500, {"error": "out of memory"}), "server", 500, None),
    (fail(502), "server", 502, None),
    (fail(503, b"[" * 100_000), "server", 503, None),
    (fail(307, b"", {"Location": "http://elsewhere.invalid/"}), "garbage", 307, None),
    (html, "garbage", None, "no_chunks"),
    (lambda wire: wire.send(200, {"choices": []}), "garbage", None, "no_chunks"),
    (lambda wire: wire.send(200, b""), "garbage", None, "no_chunks"),
    (raw(b"data: []\n\n"), "garbage", None, None),
    (raw(b"data: " + b"[" * 100_000 + b"\n\n"), "garbage", None, None),
    (raw(b'data: "\xff"\n\n'), "garbage", None, None),
    (raw(b'data: {"choices": 5, "usage": 7, "delta": 5, "x_groq": 3}\n\n'), "garbage", None, "no_chunks"),
    (raw(b'data: {"error": {"code": 429, "message": "slow"}}\n\n'), "limit", None, "stream_error"),
    (raw(b'data: {"error": "broken"}\n\n'), "server", None, "stream_error"),
    (hang_up, "network", None, "disconnected"),
]


@pytest.mark.parametrize(("behaviour", "failure", "status", "code"), REFUSED)
def test_what_is_no_answer_is_raised_after_one_request(
    server: EventServer,
    make: Callable[..., ServedGenerator],
    behaviour: Behaviour,
    failure: str,
    status: int | None,
    code: str | None,
) -> None:
    server.then(behaviour)
    error = failure_of(make())
    assert (error.failure, error.http_status, error.label) == (failure, status, code)
    assert len(server.journal) == 1


BROKEN: list[tuple[Behaviour, tuple[str, str | None], str]] = [
    (end, ("garbage", "no_chunks"), "network"),
    (malformed_chunk, ("garbage", None), "garbage"),
    (error_event, ("server", "stream_error"), "server"),
    (hang_up, ("network", "disconnected"), "network"),
]


@pytest.mark.parametrize(("how", "told", "_later"), BROKEN)
def test_a_failure_before_the_first_word_is_raised_after_one_request(
    kind: Kind,
    server: EventServer,
    make: Callable[..., ServedGenerator],
    how: Behaviour,
    told: tuple[str, str | None],
    _later: str,
) -> None:
    server.then(kind.fake.broken(how, after=0))
    error = failure_of(make())
    assert (error.failure, error.label) == told
    assert len(server.journal) == 1


@pytest.mark.parametrize(("how", "_before", "failure"), BROKEN)
def test_a_failure_after_the_first_word_keeps_the_text(
    kind: Kind,
    server: EventServer,
    make: Callable[..., ServedGenerator],
    how: Behaviour,
    _before: tuple[str, str | None],
    failure: str,
) -> None:
    server.then(kind.fake.broken(how, "It cools for an hour."))
    text, notices, completion = read(make().stream(PROMPT))
    assert text == "It cools"
    assert (completion.finish, completion.failure) == ("cut", failure)
    assert completion.usage.source == "estimate"
    assert len(notices) == 1
    assert notices[0].endswith("; the answer is incomplete.")
    assert len(server.journal) == 1


@pytest.mark.parametrize("then", [hang_up, error_event, malformed_chunk, never])
def test_a_failure_after_the_last_word_is_none(
    kind: Kind, server: EventServer, make: Callable[..., ServedGenerator], then: Behaviour
) -> None:
    server.then(kind.fake.answer("Yes [1].", then=then))
    text, notices, completion = read(make(deadlines=Deadlines(10.0, 0.3)).stream(PROMPT))
    assert (text, notices, completion.finish, completion.failure) == ("Yes [1].", [], "stop", None)


def test_a_limit_says_how_long_to_wait(
    kind: Kind, server: EventServer, make: Callable[..., ServedGenerator]
) -> None:
    server.then(kind.fake.refuse(429, kind.limit, "x", {"retry-after": "7"}))
    error = failure_of(make())
    assert (error.failure, error.http_status, error.label) == ("limit", 429, kind.limit)
    assert (error.retry_after_s, error.request_id) == (7, kind.fake.REQUEST_ID)


def test_every_reply_is_heard_refusals_too(
    kind: Kind, server: EventServer, make: Callable[..., ServedGenerator]
) -> None:
    heard: list[tuple[str, str | None]] = []

    def hear(model: str, headers: Mapping[str, str]) -> None:
        heard.append((model, headers.get("x-seen")))

    server.then(kind.fake.refuse(429, "x", "x", {"x-seen": "1"}), hang_up)
    generator = make(heard=hear)
    failure_of(generator)
    failure_of(generator)
    read(generator.stream(PROMPT))
    assert heard == [(kind.model, "1"), (kind.model, None)]
