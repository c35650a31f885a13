"""An independent server breaks one question in each way it knows, for every client of a cloud."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ragchat.errors import GenerationError
from ragchat.generation.providers.anthropic import AnthropicGenerator
from ragchat.generation.providers.deadlines import Deadlines
from ragchat.generation.providers.groq import GroqGenerator
from ragchat.generation.providers.openai import OpenAIGenerator
from tests.generation.prompts import PROMPT, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import TypeAlias

    from llmock.pytest_plugin import LLMock

    Generator: TypeAlias = GroqGenerator | OpenAIGenerator | AnthropicGenerator

TEXT = "It cools for an hour, the passages say [1]."
PATIENT = Deadlines(30.0, 30.0)

WORDLESS = {"groq": 1, "openai": 1, "anthropic": 3}
"""The chunks before the first word: the role, or what says that a message and its text begin."""


@pytest.fixture
def heard() -> list[Mapping[str, str]]:
    return []


@pytest.fixture
def deadlines() -> Deadlines:
    return PATIENT


@pytest.fixture(params=["groq", "openai", "anthropic"])
def generator(
    request: pytest.FixtureRequest, llmock: LLMock, heard: list[Mapping[str, str]], deadlines: Deadlines
) -> Iterator[Generator]:
    def hear(model: str, headers: Mapping[str, str]) -> None:
        heard.append(headers)

    made: Generator
    if request.param == "groq":
        made = GroqGenerator(
            api_key="gsk_llmock",
            model="openai/gpt-oss-20b",
            temperature=0.2,
            max_tokens=500,
            base_url=llmock.base_url("groq").removesuffix("/openai/v1"),
            deadlines=deadlines,
            heard=hear,
        )
    elif request.param == "anthropic":
        made = AnthropicGenerator(
            api_key="sk-ant-llmock",
            model="claude-haiku-4-5-20251001",
            temperature=0.2,
            max_tokens=500,
            base_url=llmock.base_url("anthropic"),
            deadlines=deadlines,
            heard=hear,
        )
    else:
        made = OpenAIGenerator(
            api_key="sk-llmock",
            model="gpt-4o-mini",
            temperature=0.2,
            max_tokens=500,
            base_url=llmock.base_url("openai"),
            deadlines=deadlines,
            heard=hear,
        )
    with closing(made):
        yield made


def test_an_answer_is_read_to_its_end(llmock: LLMock, generator: Generator) -> None:
    llmock.reply(TEXT)
    text, notices, completion = read(generator.stream(PROMPT))
    assert (text, notices, completion.finish) == (TEXT, [], "stop")
    assert len(llmock.requests) == 1
    llmock.assert_resilient(strict=True)


REFUSALS: list[tuple[Callable[[LLMock], LLMock], str, int, float | None]] = [
    (lambda llmock: llmock.rate_limit(retry_after=2.0), "limit", 429, 2.0),
    (lambda llmock: llmock.rate_limit(retry_after=0.25), "limit", 429, 0.25),
    (lambda llmock: llmock.rate_limit(retry_after=578.0), "limit", 429, 578.0),
    (lambda llmock: llmock.fail(500), "server", 500, None),
    (lambda llmock: llmock.fail(502), "server", 502, None),
    (lambda llmock: llmock.fail(504), "server", 504, None),
    (lambda llmock: llmock.outage(), "server", 503, None),
    (lambda llmock: llmock.fail(401), "key", 401, None),
    (lambda llmock: llmock.fail(403), "key", 403, None),
    (lambda llmock: llmock.fail(413), "too_large", 413, None),
    (lambda llmock: llmock.fail(422), "other", 422, None),
    (lambda llmock: llmock.context_overflow(), "too_large", 400, None),
    (lambda llmock: llmock.limits(context_window=5), "too_large", 400, None),
]


@pytest.mark.parametrize(("fault", "failure", "status", "wait"), REFUSALS)
def test_a_refusal_is_told_after_one_request(
    llmock: LLMock,
    generator: Generator,
    heard: list[Mapping[str, str]],
    fault: Callable[[LLMock], LLMock],
    failure: str,
    status: int,
    wait: float | None,
) -> None:
    fault(llmock)
    with pytest.raises(GenerationError) as raised:
        read(generator.stream(PROMPT))
    assert (raised.value.failure, raised.value.http_status) == (failure, status)
    assert wait is None or raised.value.retry_after_s == pytest.approx(wait)
    assert len(llmock.requests) == len(heard) == 1
    llmock.assert_resilient()


def test_the_headers_of_limits_are_heard(
    llmock: LLMock, generator: Generator, heard: list[Mapping[str, str]]
) -> None:
    llmock.limits(rpm=1, tpm=100_000)
    read(generator.stream(PROMPT))
    with pytest.raises(GenerationError) as raised:
        read(generator.stream(PROMPT))
    assert raised.value.failure == "limit"
    assert raised.value.retry_after_s is not None
    assert [headers["x-ratelimit-remaining-requests"] for headers in heard] == ["0", "0"]


STREAM_FAULTS: list[tuple[Callable[[LLMock, int], LLMock], str, str]] = [
    (lambda llmock, after: llmock.disconnect(after_chunks=after), "network", "network"),
    (lambda llmock, after: llmock.truncate(after_chunks=after), "garbage", "network"),
    (lambda llmock, after: llmock.corrupt(after_chunks=after), "garbage", "garbage"),
]


@pytest.mark.parametrize(("fault", "failure", "_later"), STREAM_FAULTS)
def test_a_stream_that_breaks_before_a_word_is_no_answer(
    llmock: LLMock, generator: Generator, fault: Callable[[LLMock, int], LLMock], failure: str, _later: str
) -> None:
    fault(llmock.reply(TEXT), WORDLESS[generator.provider])
    with pytest.raises(GenerationError) as raised:
        read(generator.stream(PROMPT))
    assert raised.value.failure == failure


@pytest.mark.parametrize(("fault", "_before", "failure"), STREAM_FAULTS)
def test_a_stream_that_breaks_after_words_keeps_them(
    llmock: LLMock, generator: Generator, fault: Callable[[LLMock, int], LLMock], _before: str, failure: str
) -> None:
    fault(llmock.reply(TEXT), WORDLESS[generator.provider] + 3)
    text, notices, completion = read(generator.stream(PROMPT))
    assert text == "It cools for "
    assert (completion.finish, completion.failure) == ("cut", failure)
    assert len(notices) == 1


@pytest.mark.parametrize("deadlines", [Deadlines(0.3, 30.0)])
@pytest.mark.parametrize(
    "slow", [lambda llmock: llmock.stall(seconds=5.0), lambda llmock: llmock.slow_first_token(5.0)]
)
def test_a_first_token_that_is_too_slow_is_left(
    llmock: LLMock, generator: Generator, slow: Callable[[LLMock], LLMock]
) -> None:
    slow(llmock.reply(TEXT))
    with pytest.raises(GenerationError) as raised:
        read(generator.stream(PROMPT))
    assert raised.value.failure == "timeout"
    llmock.assert_resilient(strict=True)


@pytest.mark.parametrize("deadlines", [Deadlines(30.0, 0.3)])
def test_a_stream_that_stalls_after_words_keeps_them(llmock: LLMock, generator: Generator) -> None:
    llmock.reply(TEXT).stall(after_chunks=WORDLESS[generator.provider] + 3, seconds=5.0)
    text, _, completion = read(generator.stream(PROMPT))
    assert text == "It cools for "
    assert (completion.finish, completion.failure) == ("cut", "timeout")
    llmock.assert_resilient(strict=True)


def test_a_slow_first_token_is_waited_for_within_the_deadline(llmock: LLMock, generator: Generator) -> None:
    llmock.reply(TEXT).slow_first_token(0.5)
    assert read(generator.stream(PROMPT))[0] == TEXT
