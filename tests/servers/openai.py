"""A server with the OpenAI wire. Shapes: OpenAI's API reference, and what local servers make of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.servers.events import TEXT, EventServer, begun, chat_chunk, chat_usage, event, refusing, words
from tests.servers.wire import Json, Wire, serve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.wire import Behaviour

KEY = "sk-0123456789abcdefSECRET"
MODEL = "qwen3-4b"
REQUEST_ID = "req_openai"
HEADERS = {"x-request-id": REQUEST_ID, "x-ratelimit-remaining-tokens": "7000"}


class OpenAIServer(EventServer):
    """Checks path and model."""

    def objection(self, wire: Wire) -> Behaviour | None:
        """What is wrong with the request."""
        sent = wire.headers.get("Authorization")
        if self.key is not None and sent != f"Bearer {self.key}":
            return refuse(401, "invalid_api_key", f"Incorrect API key provided: {sent}.")
        if wire.path != "/v1/chat/completions":
            return lambda wire: wire.send(404, {"detail": "Not Found"})
        if (unknown := self.first_unknown(wire)) is not None:
            return refuse(400, "unsupported_parameter", f"Unsupported parameter: '{unknown}'.")
        return None

    def usual(self, wire: Wire) -> Behaviour:
        """An answer, if the model is known."""
        model = wire.exchange.body["model"]
        return answer() if model == MODEL else refuse(404, 404, f"The model `{model}` does not exist.")


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
        _open(wire)
        if thoughts is not None:
            wire.piece(event(_frame({thoughts: "hm, let me think"})))
        for part in words(text):
            wire.piece(word(wire, part))
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
    return begun(_open, word, how, text, after)


def refuse(
    status: int, code: str | int | None, message: str, headers: Mapping[str, str] | None = None
) -> Behaviour:
    """An error in OpenAI's shape."""
    body = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}
    return refusing(status, body, HEADERS, headers)


def word(wire: Wire, text: str) -> bytes:
    """The event of the next visible text."""
    return event(_frame({"content": text}))


def _open(wire: Wire) -> None:
    wire.open_stream("text/event-stream; charset=utf-8", HEADERS)
    wire.piece(event(_frame({"role": "assistant", "content": ""})))


def _frame(delta: Json, finish: str | None = None) -> Json:
    return {**chat_chunk(MODEL, delta, finish), "usage": None}


def _usage(wire: Wire, text: str, reasoning: int, cached: int) -> Json:
    wire.exchange.usage = {
        **chat_usage(wire, text, reasoning),
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }
    return wire.exchange.usage


if __name__ == "__main__":
    serve(OpenAIServer)
