"""A Groq-compatible server. Shapes: recordings of 2026, with `x_groq` and the usage in the last chunk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.servers.events import (
    TEXT,
    EventServer,
    begun,
    chat_chunk,
    chat_usage,
    drip,
    end,
    error_event,
    event,
    malformed_chunk,
    refusing,
    words,
)
from tests.servers.wire import Json, Wire, serve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.wire import Behaviour

# What streams of this wire show and break with, beside what is written here.
__all__ = ["TEXT", "drip", "end", "error_event", "malformed_chunk"]

KEY = "gsk_0123456789abcdefSECRET"
MODELS = ("openai/gpt-oss-20b", "openai/gpt-oss-120b", "qwen/qwen3.8-27b")
REQUEST_ID = "req_01kfake"
RATE_HEADERS = {
    "x-ratelimit-limit-requests": "1000",
    "x-ratelimit-limit-tokens": "8000",
    "x-ratelimit-remaining-requests": "999",
    "x-ratelimit-remaining-tokens": "7000",
    "x-ratelimit-reset-requests": "1m26.4s",
    "x-ratelimit-reset-tokens": "7.5s",
    "x-request-id": REQUEST_ID,
}


class GroqServer(EventServer):
    """Checks key, path and model as the real one does."""

    def __init__(self, port: int = 0, *, key: str = KEY) -> None:
        super().__init__(port, key=key)

    def objection(self, wire: Wire) -> Behaviour | None:
        """What is wrong with the request."""
        if wire.headers.get("Authorization") != f"Bearer {self.key}":
            return refuse(401, "invalid_api_key", "Invalid API Key")
        if wire.path == "/openai/v1/models":
            return lambda wire: wire.send(200, {"data": [{"id": name, "active": True} for name in MODELS]})
        if wire.path != "/openai/v1/chat/completions":
            return refuse(404, "unknown_url", f"Unknown request URL: POST {wire.path}.")
        return None

    def usual(self, wire: Wire) -> Behaviour:
        """An answer, if the model is known."""
        model = wire.exchange.body["model"]
        return (
            answer() if model in MODELS else refuse(404, "model_not_found", f"The model `{model}` does not exist")
        )


def answer(
    text: str = TEXT,
    *,
    finish: str | None = "stop",
    reasoning: int = 0,
    cached: int = 0,
    thoughts: int = 0,
    usage: bool = True,
    then: Behaviour | None = None,
) -> Behaviour:
    """A stream of words; `thoughts` chunks of reasoning come first, `finish` None leaves the end out, `then`
    follows it.
    """

    def behave(wire: Wire) -> None:
        _open(wire)
        for _ in range(thoughts):
            wire.piece(_chunk(wire, {"reasoning": "hm", "channel": "analysis"}))
        for part in words(text):
            wire.piece(word(wire, part))
        if finish is not None:
            counts = _usage(wire, text, reasoning, cached) if usage else None
            wire.piece(_last(wire, finish, counts))
            if then is not None:
                then(wire)
            wire.piece(b"data: [DONE]\n\n")

    return behave


def broken(how: Behaviour, text: str = TEXT, *, after: int = 2) -> Behaviour:
    """A stream that shows `after` words of `text`, and then goes on with `how`."""
    return begun(_open, word, how, text, after)


def x_groq_error(wire: Wire) -> None:
    """The field that says why a stream was stopped early."""
    wire.piece(event({**_frame(wire, {}, None), "x_groq": {"id": REQUEST_ID, "error": "over capacity"}}))
    wire.piece(b"data: [DONE]\n\n")


def refuse(
    status: int, code: str, message: str, headers: Mapping[str, str] | None = None, *, kind: str = "invalid"
) -> Behaviour:
    """An error in Groq's shape."""
    body = {"error": {"message": message, "type": kind, "code": code}}
    return refusing(status, body, RATE_HEADERS, headers)


def word(wire: Wire, text: str) -> bytes:
    """The event of the next visible text."""
    return _chunk(wire, {"content": text})


def _open(wire: Wire) -> None:
    wire.open_stream("text/event-stream", RATE_HEADERS)
    first = _frame(wire, {"role": "assistant", "content": ""}, None)
    wire.piece(event({**first, "x_groq": {"id": REQUEST_ID, "seed": 1}}))


def _last(wire: Wire, finish: str, counts: Json) -> bytes:
    frame = _frame(wire, {}, finish)
    own: dict[str, Json] = {"id": REQUEST_ID}
    if counts is not None:
        own["usage"] = counts
        frame["usage"] = counts
    return event({**frame, "x_groq": own})


def _chunk(wire: Wire, delta: Json) -> bytes:
    return event(_frame(wire, delta, None))


def _frame(wire: Wire, delta: Json, finish: str | None) -> dict[str, Json]:
    return {**chat_chunk(wire.exchange.body["model"], delta, finish), "system_fingerprint": "fp_fake"}


def _usage(wire: Wire, text: str, reasoning: int, cached: int) -> Json:
    times = {"queue_time": 0.005, "prompt_time": 0.015, "completion_time": 0.25, "total_time": 0.265}
    wire.exchange.usage = {**chat_usage(wire, text, reasoning), **times}
    if reasoning:
        wire.exchange.usage["completion_tokens_details"] = {"reasoning_tokens": reasoning}
    if cached:
        wire.exchange.usage["prompt_tokens_details"] = {"cached_tokens": cached}
    return wire.exchange.usage


if __name__ == "__main__":
    serve(GroqServer)
