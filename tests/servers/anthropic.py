"""A server with the Anthropic wire. Shapes: Anthropic's API reference, streaming and errors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.servers.events import TEXT, EventServer, begun, prompt_words, refusing, words
from tests.servers.wire import Json, Wire, serve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.wire import Behaviour

KEY = "sk-ant-0123456789abcdefSECRET"
MODEL = "claude-haiku-4-5"
REQUEST_ID = "req_anthropic"
INVALID = "invalid_request_error"
HEADERS = {
    "request-id": REQUEST_ID,
    "anthropic-ratelimit-tokens-limit": "50000",
    "anthropic-ratelimit-tokens-remaining": "4000",
    "anthropic-ratelimit-tokens-reset": "2126-01-01T00:00:00Z",
}


class AnthropicServer(EventServer):
    """Checks version, path, model and shape."""

    def objection(self, wire: Wire) -> Behaviour | None:
        """What is wrong with the request."""
        sent = wire.headers.get("x-api-key")
        if self.key is not None and sent != self.key:
            return refuse(401, "authentication_error", f"invalid x-api-key {sent}")
        if wire.headers.get("anthropic-version") != "2023-06-01":
            return refuse(400, INVALID, "anthropic-version: header is required")
        if wire.path != "/v1/messages":
            return refuse(404, "not_found_error", "Not found")
        return self._objection_to(wire.exchange.body) or self._objection_to_unknown(wire)

    def usual(self, wire: Wire) -> Behaviour:
        """An answer, if the model is known."""
        model = wire.exchange.body["model"]
        return answer() if model == MODEL else refuse(404, "not_found_error", f"model: {model}")

    def _objection_to(self, body: Json) -> Behaviour | None:
        if "max_tokens" not in body:
            return refuse(400, INVALID, "max_tokens: Field required")
        if not 0 <= body.get("temperature", 1) <= 1:
            return refuse(400, INVALID, "the range is 0 to 1")
        if any(message["role"] == "system" or not message["content"] for message in body["messages"]):
            return refuse(400, INVALID, "messages: Unexpected role or empty text")
        return None

    def _objection_to_unknown(self, wire: Wire) -> Behaviour | None:
        unknown = self.first_unknown(wire)
        return None if unknown is None else refuse(400, INVALID, f"`{unknown}` is deprecated for this model.")


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
        for part in words(text):
            wire.piece(word(wire, part))
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
    return begun(_begin, word, how, text, after)


def refuse(status: int, kind: str, message: str, headers: Mapping[str, str] | None = None) -> Behaviour:
    """An error in Anthropic's shape."""
    body = {"type": "error", "error": {"type": kind, "message": message}, "request_id": REQUEST_ID}
    return refusing(status, body, HEADERS, headers)


def failing(kind: str) -> Behaviour:
    """An error in place of the next event."""
    return lambda wire: wire.piece(event("error", error={"type": kind, "message": "Overloaded"}))


def pings(wire: Wire) -> None:
    """Signs of life for ever, and no word."""
    while not wire.server.owner.stopping.wait(0.02):
        wire.piece(event("ping"))


def word(wire: Wire, text: str) -> bytes:
    """The event of the next visible text."""
    return event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})


def event(kind: str, **fields: Json) -> bytes:
    """One server-sent event."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def _begin(wire: Wire, cached: int = 0, written: int = 0) -> None:
    wire.open_stream("text/event-stream; charset=utf-8", HEADERS)
    usage = {
        "input_tokens": prompt_words(wire),
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": written,
    }
    wire.exchange.usage = {**usage, "output_tokens": 1}
    message = {"id": "msg_fake", "type": "message", "role": "assistant", "content": [], "model": MODEL}
    wire.piece(event("message_start", message={**message, "usage": wire.exchange.usage}))
    wire.piece(event("content_block_start", index=0, content_block={"type": "text", "text": ""}))
    wire.piece(event("ping"))


if __name__ == "__main__":
    serve(AnthropicServer)
