"""A server with the Anthropic wire. Shapes: Anthropic's API reference, streaming and errors."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.servers.wire import FakeServer, Json, Wire, serve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.wire import Behaviour

KEY = "sk-ant-0123456789abcdefSECRET"
MODEL = "claude-haiku-4-5"
REQUEST_ID = "req_anthropic"
TEXT = "The passages say so [1]."
HEADERS = {
    "request-id": REQUEST_ID,
    "anthropic-ratelimit-tokens-limit": "50000",
    "anthropic-ratelimit-tokens-remaining": "4000",
    "anthropic-ratelimit-tokens-reset": "2126-01-01T00:00:00Z",
}


class AnthropicServer(FakeServer):
    """Checks version, path, model and shape, and the key if it has one; refuses what `unknown` names."""

    def __init__(self, port: int = 0, *, key: str | None = None) -> None:
        super().__init__(port)
        self.key = key
        self.unknown: tuple[str, ...] = ()

    def reply(self, wire: Wire) -> None:
        """Answer one request."""
        body = wire.exchange.body
        unknown = [name for name in self.unknown if name in body]
        if self.key is not None and wire.headers.get("x-api-key") != self.key:
            refuse(401, "authentication_error", f"invalid x-api-key {wire.headers.get('x-api-key')}")(wire)
        elif wire.headers.get("anthropic-version") != "2023-06-01":
            refuse(400, "invalid_request_error", "anthropic-version: header is required")(wire)
        elif wire.path != "/v1/messages":
            refuse(404, "not_found_error", "Not found")(wire)
        elif "max_tokens" not in body:
            refuse(400, "invalid_request_error", "max_tokens: Field required")(wire)
        elif not 0 <= body.get("temperature", 1) <= 1:
            refuse(400, "invalid_request_error", "the range is 0 to 1")(wire)
        elif any(message["role"] == "system" or not message["content"] for message in body["messages"]):
            refuse(400, "invalid_request_error", "messages: Unexpected role or empty text")(wire)
        elif unknown:
            refuse(400, "invalid_request_error", f"`{unknown[0]}` is deprecated for this model.")(wire)
        elif self.script:
            self.script.popleft()(wire)
        elif body["model"] != MODEL:
            refuse(404, "not_found_error", f"model: {body['model']}")(wire)
        else:
            answer()(wire)


def answer(
    text: str = TEXT,
    *,
    reason: str | None = "end_turn",
    cached: int = 0,
    written: int = 0,
    thoughts: str | None = None,
    then: Behaviour | None = None,
    stop: bool = True,
) -> Behaviour:
    """A stream of words; `then` follows the reason why it ended."""

    def behave(wire: Wire) -> None:
        _begin(wire, cached, written)
        if thoughts is not None:
            wire.piece(event("content_block_start", index=0, content_block={"type": "thinking", "thinking": ""}))
            thinking = {"type": "thinking_delta", "thinking": thoughts}
            wire.piece(event("content_block_delta", index=0, delta=thinking))
            wire.piece(event("content_block_stop", index=0))
        for part in _parts(text):
            wire.piece(word(part))
        wire.piece(event("content_block_stop", index=0))
        if reason is not None:
            wire.exchange.usage["output_tokens"] = len(text.split())
            counts = {"output_tokens": len(text.split())}
            wire.piece(event("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage=counts))
        if then is not None:
            then(wire)
        if stop:
            wire.piece(event("message_stop"))

    return behave


def broken(how: Behaviour, text: str = TEXT, *, after: int = 2) -> Behaviour:
    """A stream that shows `after` words of `text`, and then goes on with `how`."""

    def behave(wire: Wire) -> None:
        _begin(wire, 0, 0)
        for part in _parts(text)[:after]:
            wire.piece(word(part))
        how(wire)

    return behave


def raw(*pieces: bytes) -> Behaviour:
    """A stream of exactly these bytes."""

    def behave(wire: Wire) -> None:
        wire.open_stream("text/event-stream", HEADERS)
        for piece in pieces:
            wire.piece(piece)

    return behave


def refuse(status: int, kind: str, message: str, headers: Mapping[str, str] | None = None) -> Behaviour:
    """An error in Anthropic's shape."""
    body = {"type": "error", "error": {"type": kind, "message": message}, "request_id": REQUEST_ID}
    return lambda wire: wire.send(status, body, {**HEADERS, **(headers or {})})


def failing(kind: str) -> Behaviour:
    """An error in place of the next event."""
    return lambda wire: wire.piece(event("error", error={"type": kind, "message": "Overloaded"}))


def pings(wire: Wire) -> None:
    """Signs of life for ever, and no word."""
    while not wire.server.owner.stopping.wait(0.02):
        wire.piece(event("ping"))


def word(text: str) -> bytes:
    """The event of the next visible text."""
    return event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})


def event(kind: str, **fields: Json) -> bytes:
    """One server-sent event."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def _begin(wire: Wire, cached: int, written: int) -> None:
    wire.open_stream("text/event-stream; charset=utf-8", HEADERS)
    prompt = sum(len(message["content"].split()) for message in wire.exchange.body["messages"])
    usage = {"input_tokens": prompt, "cache_read_input_tokens": cached, "cache_creation_input_tokens": written}
    wire.exchange.usage = {**usage, "output_tokens": 1}
    message = {"id": "msg_fake", "type": "message", "role": "assistant", "content": [], "model": MODEL}
    wire.piece(event("message_start", message={**message, "usage": wire.exchange.usage}))
    wire.piece(event("content_block_start", index=0, content_block={"type": "text", "text": ""}))
    wire.piece(event("ping"))


def _parts(text: str) -> list[str]:
    return re.findall(r"\s*\S+\s*$|\s*\S+", text)


if __name__ == "__main__":
    serve(AnthropicServer)
