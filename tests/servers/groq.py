"""A Groq-compatible server. Shapes: recordings of 2026, with `x_groq` and the usage in the last chunk."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.servers.wire import FakeServer, Json, Wire, serve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.servers.wire import Behaviour

KEY = "gsk_0123456789abcdefSECRET"
MODELS = ("openai/gpt-oss-20b", "openai/gpt-oss-120b", "qwen/qwen3.8-27b")
REQUEST_ID = "req_01kfake"
TEXT = "The passages say so [1]."
RATE_HEADERS = {
    "x-ratelimit-limit-requests": "1000",
    "x-ratelimit-limit-tokens": "8000",
    "x-ratelimit-remaining-requests": "999",
    "x-ratelimit-remaining-tokens": "7000",
    "x-ratelimit-reset-requests": "1m26.4s",
    "x-ratelimit-reset-tokens": "7.5s",
    "x-request-id": REQUEST_ID,
}


class GroqServer(FakeServer):
    """Checks key, path and model as the real one does; answers `TEXT` when nothing is scripted."""

    def __init__(self, port: int = 0, *, key: str = KEY) -> None:
        super().__init__(port)
        self.key = key

    def reply(self, wire: Wire) -> None:
        """Answer one request."""
        if wire.headers.get("Authorization") != f"Bearer {self.key}":
            refuse(401, "invalid_api_key", "Invalid API Key")(wire)
        elif wire.path == "/openai/v1/models":
            wire.send(200, {"object": "list", "data": [{"id": name, "active": True} for name in MODELS]})
        elif wire.path != "/openai/v1/chat/completions":
            refuse(404, "unknown_url", f"Unknown request URL: POST {wire.path}.")(wire)
        elif self.script:
            self.script.popleft()(wire)
        elif wire.exchange.body["model"] not in MODELS:
            refuse(404, "model_not_found", f"The model `{wire.exchange.body['model']}` does not exist")(wire)
        else:
            answer()(wire)


def answer(
    text: str = TEXT,
    *,
    finish: str | None = "stop",
    reasoning: int = 0,
    cached: int = 0,
    thoughts: int = 0,
    usage: bool = True,
) -> Behaviour:
    """A stream of words; `thoughts` chunks of reasoning come first, `finish` None leaves the end out."""

    def behave(wire: Wire) -> None:
        _open(wire)
        for _ in range(thoughts):
            wire.piece(_chunk(wire, {"reasoning": "hm", "channel": "analysis"}))
        for part in _parts(text):
            wire.piece(_chunk(wire, {"content": part}))
        if finish is not None:
            counts = _usage(wire, text, reasoning, cached) if usage else None
            wire.piece(_last(wire, finish, counts))
            wire.piece(b"data: [DONE]\n\n")

    return behave


def broken(how: Behaviour, text: str = TEXT, *, after: int = 2) -> Behaviour:
    """A stream that shows `after` words of `text`, and then goes on with `how`."""

    def behave(wire: Wire) -> None:
        _open(wire)
        for part in list(_parts(text))[:after]:
            wire.piece(_chunk(wire, {"content": part}))
        how(wire)

    return behave


def end(wire: Wire) -> None:
    """The stream ends cleanly, without its last chunk."""


def malformed_chunk(wire: Wire) -> None:
    """A chunk that is no JSON."""
    wire.piece(b'data: {"choices": [\n\n')


def error_event(wire: Wire) -> None:
    """An error instead of a chunk."""
    error = {"message": "The engine was restarted", "type": "internal_server_error"}
    wire.piece(b"event: error\ndata: " + json.dumps({"error": error}).encode() + b"\n\n")


def x_groq_error(wire: Wire) -> None:
    """The field that says why a stream was stopped early."""
    wire.piece(_event({**_frame(wire, {}, None), "x_groq": {"id": REQUEST_ID, "error": "over capacity"}}))
    wire.piece(b"data: [DONE]\n\n")


def drip(wire: Wire) -> None:
    """Comments for ever, which keep every single read from timing out."""
    while not wire.server.owner.stopping.wait(0.02):
        wire.piece(b": keep-alive\n\n")


def refuse(
    status: int, code: str, message: str, headers: Mapping[str, str] | None = None, *, kind: str = "invalid"
) -> Behaviour:
    """An error in Groq's shape."""
    body = {"error": {"message": message, "type": kind, "code": code}}
    return lambda wire: wire.send(status, body, {**RATE_HEADERS, **(headers or {})})


def _open(wire: Wire) -> None:
    wire.open_stream("text/event-stream", RATE_HEADERS)
    first = _frame(wire, {"role": "assistant", "content": ""}, None)
    wire.piece(_event({**first, "x_groq": {"id": REQUEST_ID, "seed": 1}}))


def _last(wire: Wire, finish: str, counts: Json) -> bytes:
    frame = _frame(wire, {}, finish)
    own: dict[str, Json] = {"id": REQUEST_ID}
    if counts is not None:
        own["usage"] = counts
        frame["usage"] = counts
    return _event({**frame, "x_groq": own})


def _chunk(wire: Wire, delta: Json) -> bytes:
    return _event(_frame(wire, delta, None))


def _frame(wire: Wire, delta: Json, finish: str | None) -> dict[str, Json]:
    return {
        "id": "chatcmpl-fake",
        "object": "chat.completion.chunk",
        "created": 1_790_000_000,
        "model": wire.exchange.body["model"],
        "system_fingerprint": "fp_fake",
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
    }


def _usage(wire: Wire, text: str, reasoning: int, cached: int) -> Json:
    prompt = sum(len(message["content"].split()) for message in wire.exchange.body["messages"])
    completion = len(text.split()) + reasoning
    wire.exchange.usage = {
        "queue_time": 0.005,
        "prompt_tokens": prompt,
        "prompt_time": 0.015,
        "completion_tokens": completion,
        "completion_time": 0.25,
        "total_tokens": prompt + completion,
        "total_time": 0.265,
    }
    if reasoning:
        wire.exchange.usage["completion_tokens_details"] = {"reasoning_tokens": reasoning}
    if cached:
        wire.exchange.usage["prompt_tokens_details"] = {"cached_tokens": cached}
    return wire.exchange.usage


def _event(frame: Json) -> bytes:
    return b"data: " + json.dumps(frame).encode() + b"\n\n"


def _parts(text: str) -> Iterator[str]:
    yield from re.findall(r"\s*\S+\s*$|\s*\S+", text)


if __name__ == "__main__":
    serve(GroqServer)
