"""Every error of the Groq SDK, and what a person is told."""

from __future__ import annotations

import inspect
import json

import groq
import httpx
import pytest

from ragchat.errors import GenerationError, OllamaError
from ragchat.generation.providers import cases, failures

KEY = "sk-or-0123456789abcdefSECRET"
ASKED = failures.Asked(failures.GROQ, "some-model", KEY)
REQUEST = httpx.Request("POST", "https://api.groq.com/openai/v1/chat/completions")
SDK_ERRORS = [
    value
    for value in (getattr(groq, name) for name in sorted(dir(groq)))
    if inspect.isclass(value) and issubclass(value, BaseException)
]


def refusal(
    status: int, code: str | None = None, said: str = "", headers: dict[str, str] | None = None
) -> groq.APIStatusError:
    body = {"error": {"message": said, "type": "x", "code": code}}
    response = httpx.Response(status, json=body, headers=headers, request=REQUEST)
    made = groq.Groq(api_key="k", base_url="http://127.0.0.1")._make_status_error_from_response(response)
    assert isinstance(made, groq.APIStatusError)
    return made


def foreign(error: GenerationError) -> bool:
    """Whether an error of OpenAI's kind speaks of Groq, but for the time it shares, or has a gap left open."""
    said = f"{error.message} {error.hint}".replace("GROQ_TIMEOUT", "")
    return any(sign in said for sign in ("GROQ", "groq", "{", "}"))


def told(error: BaseException) -> GenerationError:
    return failures.of_error(error, ASKED)


@pytest.mark.parametrize("cls", SDK_ERRORS)
def test_every_error_class_of_the_sdk_has_its_place(cls: type[BaseException]) -> None:
    places = (failures.BY_STATUS, failures.BY_CAUSE, failures.IN_STREAM, failures.FIXED)
    assert sum(cls.__name__ in place for place in places) == 1


def test_the_sdk_has_the_error_classes_it_had() -> None:
    assert len(SDK_ERRORS) >= 14


@pytest.mark.parametrize(
    ("status", "code", "failure", "message"),
    [
        (302, None, "garbage", "The reply makes no sense."),
        (400, "context_length_exceeded", "too_large", "The prompt is longer than the model's context."),
        (400, "model_decommissioned", "model", "The model some-model does not exist or is retired."),
        (400, "json_validate_failed", "other", "The request was refused: it does not say why."),
        (401, "invalid_api_key", "key", "The key was rejected."),
        (403, None, "key", "Access was refused."),
        (404, "model_not_found", "model", "The model some-model does not exist or is retired."),
        (404, "unknown_url", "config", "GROQ_BASE_URL leads nowhere."),
        (404, None, "config", "GROQ_BASE_URL leads to a server without this service."),
        (408, None, "timeout", "The server took too long."),
        (409, None, "other", "The request was refused: it does not say why."),
        (413, "rate_limit_exceeded", "too_large", "The question is too large for the plan."),
        (422, None, "other", "The request was refused: it does not say why."),
        (424, None, "other", "The request was refused: it does not say why."),
        (429, "rate_limit_exceeded", "limit", "The limit is reached."),
        (498, "capacity_exceeded", "server", "The server has no capacity free."),
        (499, None, "other", "The request was refused: it does not say why."),
        (500, None, "server", "The server failed (status 500)."),
        (502, None, "server", "The server failed (status 502)."),
        (503, None, "server", "The server failed (status 503)."),
        (504, None, "server", "The server failed (status 504)."),
    ],
)
def test_each_status_is_told_from_the_others(status: int, code: str | None, failure: str, message: str) -> None:
    error = told(refusal(status, code))
    assert (error.failure, error.message) == (failure, message)
    assert (error.http_status, error.label) == (status, code)


def test_a_request_that_exceeds_the_plan_names_both_sizes() -> None:
    said = "Request too large for model on tokens per minute (TPM): Limit 8000, Requested 32979, please reduce"
    assert told(refusal(413, "rate_limit_exceeded", said)).message == (
        "The question is too large for the plan (32979 tokens, 8000 allowed)."
    )


@pytest.mark.parametrize(
    ("headers", "said", "wait"),
    [
        ({"retry-after": "7"}, "", 7.0),
        ({"retry-after": "578.5"}, "", 578.5),
        ({}, "Please try again in 9m38.016s. Need more tokens?", 578.016),
        ({}, "Please try again in 26ms.", 0.026),
        ({"retry-after": "soon"}, "Please try again in 1h2m3s.", 3723.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, "", 0.0),
        ({"retry-after": "9" * 400}, "", None),
        ({"retry-after-ms": "142", "retry-after": "1"}, "", 0.142),
        ({}, "Slow down.", None),
    ],
)
def test_a_limit_says_how_long_to_wait(headers: dict[str, str], said: str, wait: float | None) -> None:
    assert told(refusal(429, "rate_limit_exceeded", said, headers)).retry_after_s == pytest.approx(wait)


def test_a_daily_limit_is_named() -> None:
    said = (
        "Rate limit reached for model on tokens per day (TPD): Limit 100000, Used 97050, Requested 3619. "
        "Please try again in 9m38.016s."
    )
    error = told(refusal(429, "rate_limit_exceeded", said, {"x-request-id": "req_1"}))
    assert error.message == "The limit of tokens per day is reached for 10 min."
    assert error.request_id == "req_1"


def test_a_key_that_a_server_repeats_is_struck_out() -> None:
    said = f"Incorrect key {KEY} (also gsk_another) provided\x1b[2J"
    error = told(refusal(400, "weird", said))
    assert "SECRET" not in error.message
    assert "gsk_" not in error.message
    assert "\x1b" not in error.message


@pytest.mark.parametrize(
    ("error", "failure", "code"),
    [
        (httpx.RemoteProtocolError("peer closed connection"), "network", "disconnected"),
        (httpx.ReadError("reset"), "network", "disconnected"),
        (httpx.ReadTimeout("slow"), "timeout", "read_timeout"),
        (httpx.ConnectTimeout("slow"), "timeout", "connect_timeout"),
        (httpx.ProxyError("407"), "network", "proxy"),
        (httpx.LocalProtocolError("Illegal header value b'gsk'"), "config", None),
        (ValueError("no chunk"), "garbage", None),
        (RecursionError("brackets without end"), "garbage", None),
        (json.JSONDecodeError("Expecting value", "{", 1), "garbage", None),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"), "garbage", None),
        (groq.APIError("restarted", REQUEST, body={"message": "restarted"}), "server", "stream_error"),
        (groq.GroqError("?"), "other", None),
        (RuntimeError("?"), "other", None),
    ],
)
def test_what_is_raised_while_a_stream_is_read_is_told_too(
    error: Exception, failure: str, code: str | None
) -> None:
    assert (told(error).failure, told(error).label) == (failure, code)


def test_an_illegal_header_is_found_behind_a_connection_error() -> None:
    outer = groq.APIConnectionError(request=REQUEST)
    outer.__cause__ = httpx.LocalProtocolError("Illegal header value")
    assert told(outer).failure == "config"
    outer.__cause__ = None
    assert told(outer).failure == "other"


def test_a_failure_of_ollama_keeps_what_it_says() -> None:
    error = failures.of_ollama(OllamaError("No.", "Do.", failure="model", http_status=404))
    assert (error.message, error.hint, error.failure, error.http_status) == ("No.", "Do.", "model", 404)


@pytest.mark.parametrize("words", [failures.OPENAI, failures.ANTHROPIC])
@pytest.mark.parametrize("code", [None, *cases.CODES])
@pytest.mark.parametrize("status", [302, 400, 401, 402, 403, 404, 408, 413, 418, 429, 498, 500, 503, 529])
def test_every_refusal_is_told_in_the_words_of_its_provider(
    status: int, code: str | None, words: failures.Words
) -> None:
    error = failures.of_refusal(status, {}, {"error": {"code": code}}, failures.Asked(words, "m"))
    assert error.http_status == status
    assert not foreign(error)


@pytest.mark.parametrize(
    "name", ["ConnectError", "ConnectTimeout", "ReadTimeout", "ReadError", "ProxyError", "InvalidURL"]
)
def test_every_lost_connection_is_told_in_the_words_of_its_provider(name: str) -> None:
    error = failures.of_error(getattr(httpx, name)("?"), failures.Asked(failures.OPENAI, "m"))
    assert error.failure in {"network", "timeout", "config"}
    assert not foreign(error)


def test_a_key_is_not_part_of_how_a_request_is_shown() -> None:
    assert KEY not in repr(ASKED)
