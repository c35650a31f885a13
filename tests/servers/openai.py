"""A server with the OpenAI wire. Shapes: OpenAI's API reference, and what local servers make of it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.servers.wire import FakeServer, Json, Wire, serve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.wire import Behaviour

KEY = "sk-0123456789abcdefSECRET"
MODEL = "qwen3-4b"
REQUEST_ID = "req_openai"
TEXT = "The passages say so [1]."
HEADERS = {"x-request-id": REQUEST_ID, "x-ratelimit-remaining-tokens": "7000"}


class OpenAIServer(FakeServer):
    """Checks path and model, and the key if it has one; refuses to be asked what `unknown` names."""

    def __init__(self, port: int = 0, *, key: str | None = None) -> None:
        super().__init__(port)
        self.key = key
        self.unknown: tuple[str, ...] = ()

    def reply(self, wire: Wire) -> None:
        """Answer one request."""
        body = wire.exchange.body
        unknown = [name for name in self.unknown if name in body]
        if self.key is not None and wire.headers.get("Authorization") != f"Bearer {self.key}":
            refuse(401, "invalid_api_key", f"Incorrect API key provided: {wire.headers.get('Authorization')}.")(
                wire
            )
        elif wire.path != "/v1/chat/completions":
            wire.send(404, {"detail": "Not Found"})
        elif unknown:
            refuse(400, "unsupported_parameter", f"Unsupported parameter: '{unknown[0]}'.")(wire)
        elif self.script:
            self.script.popleft()(wire)
        elif body["model"] != MODEL:
            refuse(404, 404, f"The model `{body['model']}` does not exist.")(wire)
        else:
            answer()(wire)


def answer(
    text: str = TEXT,
    *,
    finish: str | None = "stop",
    reasoning: int = 0,
    cached: int = 0,
    thoughts: str | None = None,
    then: Behaviour | None = None,
    done: bool = True,
) -> Behaviour:
    """A stream of words; `thoughts` names the field that reasoning comes in, `then` follows the finish."""

    def behave(wire: Wire) -> None:
        wire.open_stream("text/event-stream; charset=utf-8", HEADERS)
        wire.piece(event(_frame({"role": "assistant", "content": ""})))
        if thoughts is not None:
            wire.piece(event(_frame({thoughts: "hm, let me think"})))
        for part in _parts(text):
            wire.piece(event(_frame({"content": part})))
        if finish is not None:
            wire.piece(event(_frame({}, finish)))
        if then is not None:
            then(wire)
        if wire.exchange.body.get("stream_options", {}).get("include_usage"):
            wire.piece(event({"choices": [], "usage": _usage(wire, text, reasoning, cached)}))
        if done:
            wire.piece(b"data: [DONE]\n\n")

    return behave


def broken(how: Behaviour, text: str = TEXT, *, after: int = 2) -> Behaviour:
    """A stream that shows `after` words of `text`, and then goes on with `how`."""

    def behave(wire: Wire) -> None:
        wire.open_stream("text/event-stream", HEADERS)
        wire.piece(event(_frame({"role": "assistant", "content": ""})))
        for part in _parts(text)[:after]:
            wire.piece(event(_frame({"content": part})))
        how(wire)

    return behave


def raw(*pieces: bytes) -> Behaviour:
    """A stream of exactly these bytes."""

    def behave(wire: Wire) -> None:
        wire.open_stream("text/event-stream", HEADERS)
        for piece in pieces:
            wire.piece(piece)

    return behave


def refuse(
    status: int, code: str | int | None, message: str, headers: Mapping[str, str] | None = None
) -> Behaviour:
    """An error in OpenAI's shape."""
    body = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}
    return lambda wire: wire.send(status, body, {**HEADERS, **(headers or {})})


def event(frame: Json) -> bytes:
    """One server-sent event."""
    return b"data: " + json.dumps(frame).encode() + b"\n\n"


def _frame(delta: Json, finish: str | None = None) -> Json:
    return {
        "id": "chatcmpl-fake",
        "object": "chat.completion.chunk",
        "created": 1_790_000_000,
        "model": MODEL,
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
        "usage": None,
    }


def _usage(wire: Wire, text: str, reasoning: int, cached: int) -> Json:
    prompt = sum(len(message["content"].split()) for message in wire.exchange.body["messages"])
    completion = len(text.split()) + reasoning
    wire.exchange.usage = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }
    return wire.exchange.usage


def _parts(text: str) -> list[str]:
    return re.findall(r"\s*\S+\s*$|\s*\S+", text)


if __name__ == "__main__":
    serve(OpenAIServer)
