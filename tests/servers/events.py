"""What the fake servers that stream events share."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.servers.wire import FakeServer, Json, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.servers.wire import Behaviour

TEXT = "The passages say so [1]."


class EventServer(FakeServer):
    """Objects to a request as the real one would, else does what is scripted, else answers `TEXT`.

    Checks the key, if it has one. What `unknown` names it refuses to be asked.
    """

    def __init__(self, port: int = 0, *, key: str | None = None) -> None:
        super().__init__(port)
        self.key = key
        self.unknown: tuple[str, ...] = ()

    def reply(self, wire: Wire) -> None:
        """Answer one request."""
        behave = self.objection(wire) or (self.script.popleft() if self.script else self.usual(wire))
        behave(wire)

    def objection(self, wire: Wire) -> Behaviour | None:
        """What is wrong with the request, as the real server says it."""
        raise NotImplementedError

    def usual(self, wire: Wire) -> Behaviour:
        """The reply when nothing is scripted."""
        raise NotImplementedError

    def first_unknown(self, wire: Wire) -> str | None:
        """The first argument that is not known here."""
        return next((name for name in self.unknown if name in (wire.exchange.body or {})), None)


def begun(
    begin: Callable[[Wire], None], word: Callable[[Wire, str], bytes], how: Behaviour, text: str, after: int
) -> Behaviour:
    """A stream that shows `after` words of `text`, and then goes on with `how`."""

    def behave(wire: Wire) -> None:
        begin(wire)
        for part in words(text)[:after]:
            wire.piece(word(wire, part))
        how(wire)

    return behave


def raw(*pieces: bytes) -> Behaviour:
    """A stream of exactly these bytes."""

    def behave(wire: Wire) -> None:
        wire.open_stream("text/event-stream")
        for piece in pieces:
            wire.piece(piece)

    return behave


def refusing(status: int, body: Json, usual: Mapping[str, str], headers: Mapping[str, str] | None) -> Behaviour:
    """An error, with the headers of every reply and some more."""
    return lambda wire: wire.send(status, body, {**usual, **(headers or {})})


def end(wire: Wire) -> None:
    """The stream ends cleanly, without its last chunk."""


def malformed_chunk(wire: Wire) -> None:
    """A chunk that is no JSON."""
    wire.piece(b'data: {"choices": [\n\n')


def error_event(wire: Wire) -> None:
    """An error instead of a chunk."""
    error = {"message": "The engine was restarted", "type": "internal_server_error"}
    wire.piece(b"event: error\ndata: " + json.dumps({"error": error}).encode() + b"\n\n")


def drip(wire: Wire) -> None:
    """Comments for ever, which keep every single read from timing out."""
    while not wire.server.owner.stopping.wait(0.02):
        wire.piece(b": keep-alive\n\n")


def event(frame: Json) -> bytes:
    """One event without a name."""
    return b"data: " + json.dumps(frame).encode() + b"\n\n"


def chat_chunk(model: str, delta: Json, finish: str | None = None) -> dict[str, Json]:
    """A chunk of the OpenAI wire."""
    return {
        "id": "chatcmpl-fake",
        "object": "chat.completion.chunk",
        "created": 1_790_000_000,
        "model": model,
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
    }


def chat_usage(wire: Wire, text: str, reasoning: int) -> dict[str, Json]:
    """The counts of the OpenAI wire; a word is a token."""
    completion = len(text.split()) + reasoning
    prompt = prompt_words(wire)
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def prompt_words(wire: Wire) -> int:
    """How long the request is."""
    return sum(len(message["content"].split()) for message in wire.exchange.body["messages"])


def words(text: str) -> list[str]:
    """The pieces that `text` comes in."""
    return re.findall(r"\s*\S+\s*$|\s*\S+", text)
