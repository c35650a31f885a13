"""An Ollama server. Shapes: the real server's source of August 2026; counts that are zero are left out."""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.servers.wire import FakeServer, Json, Wire, serve

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.servers.wire import Behaviour

TEXT = "The local model read the passages [1]."
WIDTH = 256


@dataclass(frozen=True, slots=True)
class Model:
    """A pulled model; `context` counts words here. `capabilities` None: an old server that does not say."""

    name: str
    capabilities: tuple[str, ...] | None
    family: str = "llama"
    context: int = 512
    remote_host: str = ""

    @property
    def digest(self) -> str:
        """The digest of its weights."""
        return hashlib.sha256(self.name.encode()).hexdigest()


EMBEDDING = Model("mxbai-embed-large:latest", ("embedding",), "bert")
CHAT = Model("llama3.2:3b", ("completion", "tools"), context=4096)


class OllamaServer(FakeServer):
    """Knows `models`; answers `TEXT` when nothing is scripted, and embeds words by their hashes.

    `at_tags` answers who asks for the models.
    """

    def __init__(self, port: int = 0, *, models: Sequence[Model] = (EMBEDDING, CHAT)) -> None:
        super().__init__(port)
        self.models = tuple(models)
        self.at_tags: Behaviour | None = None

    def reply(self, wire: Wire) -> None:
        """Answer one request."""
        body = wire.exchange.body
        if wire.path == "/api/version":
            wire.send(200, {"version": "0.16.2"})
        elif wire.path == "/api/tags" and self.at_tags is not None:
            self.at_tags(wire)
        elif wire.path == "/api/tags":
            wire.send(200, {"models": [_tag(model) for model in self.models]})
        elif wire.path not in {"/api/show", "/api/embed", "/api/chat"}:
            wire.send(404, b"404 page not found")
        elif self.script and wire.path != "/api/show":
            self.script.popleft()(wire)
        elif (model := self._named(body["model"])) is None:
            quoted = f"'{body['model']}'" if wire.path == "/api/chat" else f'"{body["model"]}"'
            tail = "" if wire.path == "/api/chat" else ", try pulling it first"
            wire.send(404, {"error": f"model {quoted} not found{tail}"})
        elif wire.path == "/api/show":
            wire.send(200, {"capabilities": list(model.capabilities or ("completion",)), "model_info": {}})
        elif wire.path == "/api/embed":
            _embed(wire, model)
        else:
            _chat(wire, model)

    def _named(self, name: str) -> Model | None:
        full = name if ":" in name else f"{name}:latest"
        return next((model for model in self.models if model.name == full), None)


def answer(
    text: str = TEXT, *, reason: str = "stop", done: bool = True, prompt_tokens: int | None = None
) -> Behaviour:
    """A stream of words; without `done` it ends cleanly and too early."""

    def behave(wire: Wire) -> None:
        wire.open_stream("application/x-ndjson")
        for part in _parts(text):
            wire.piece(_line(wire, part))
        if done:
            wire.piece(_last(wire, text, reason, prompt_tokens))

    return behave


def broken(how: Behaviour, text: str = TEXT, *, after: int = 2) -> Behaviour:
    """A stream that shows `after` words of `text`, and then goes on with `how`."""

    def behave(wire: Wire) -> None:
        wire.open_stream("application/x-ndjson")
        for part in list(_parts(text))[:after]:
            wire.piece(_line(wire, part))
        how(wire)

    return behave


def thinking(lines: int, text: str = TEXT, *, after: int = 0) -> Behaviour:
    """A stream that shows `after` words of `text`, then nothing for so many lines, then the rest."""

    def behave(wire: Wire) -> None:
        wire.open_stream("application/x-ndjson")
        words = list(_parts(text))
        for part in words[:after]:
            wire.piece(_line(wire, part))
        for _ in range(lines):
            wire.piece(_line(wire, "", thinking="Hm. "))
        for part in words[after:]:
            wire.piece(_line(wire, part))
        wire.piece(_last(wire, text, "stop", None))

    return behave


def error_line(message: str) -> Behaviour:
    """An error in mid-stream: a line, under status 200."""
    return lambda wire: wire.piece(json.dumps({"error": message}).encode() + b"\n")


def refuse(status: int, message: str) -> Behaviour:
    """An error in Ollama's shape."""
    return lambda wire: wire.send(status, {"error": message})


def vector(text: str) -> list[float]:
    """A unit vector of the words' hashes: texts that share words lie near each other."""
    row = [0.0] * WIDTH
    for word in re.findall(r"\w+", text.lower()):
        row[int(hashlib.sha256(word.encode()).hexdigest(), 16) % WIDTH] += 1.0
    row[0] += 1e-3  # a text without words has a direction too
    length = math.sqrt(sum(value * value for value in row))
    return [value / length for value in row]


def _embed(wire: Wire, model: Model) -> None:
    body = wire.exchange.body
    given = body["input"] if isinstance(body["input"], list) else [body["input"]]
    texts = [text for text in given if text]  # the real server leaves empty texts out
    if any(len(text.split()) > model.context for text in texts):
        if body.get("truncate", True) is False:
            wire.send(400, {"error": "the input length exceeds the context length"})
            return
        texts = [" ".join(text.split()[: model.context]) for text in texts]
    wire.send(200, {"model": model.name, "embeddings": [vector(text) for text in texts]})


def _chat(wire: Wire, model: Model) -> None:
    body = wire.exchange.body
    if model.capabilities is not None and "completion" not in model.capabilities:
        wire.send(400, {"error": f'"{model.name}" does not support chat'})
    elif body.get("think") and "thinking" not in (model.capabilities or ()):
        wire.send(400, {"error": f'"{model.name}" does not support thinking'})
    elif _prompt_tokens(body) > body.get("options", {}).get("num_ctx", 4096) and body.get("truncate") is False:
        wire.send(400, {"error": "the input length exceeds the context length"})
    else:
        answer()(wire)


def _tag(model: Model) -> Json:
    tag = {
        "name": model.name,
        "model": model.name,
        "size": 2_019_393_189,
        "digest": model.digest,
        "details": {"format": "gguf", "family": model.family, "parameter_size": "3.2B"},
    }
    if model.capabilities is not None:
        tag["capabilities"] = list(model.capabilities)
    if model.remote_host:
        tag["remote_host"] = model.remote_host
        tag["remote_model"] = model.name
    return tag


def _line(wire: Wire, text: str, **more: str) -> bytes:
    message = {"role": "assistant", "content": text, **more}
    return _ndjson({**_frame(wire), "message": message, "done": False})


def _last(wire: Wire, text: str, reason: str, prompt_tokens: int | None) -> bytes:
    prompt = _prompt_tokens(wire.exchange.body) if prompt_tokens is None else prompt_tokens
    counts = {"prompt_eval_count": prompt, "eval_count": len(text.split())}
    wire.exchange.usage = {name: count for name, count in counts.items() if count}
    times = {"total_duration": 900_000_000, "load_duration": 250_000_000, "eval_duration": 500_000_000}
    return _ndjson(
        {
            **_frame(wire),
            "message": {"role": "assistant", "content": ""},
            "done": True,
            "done_reason": reason,
            **times,
            **wire.exchange.usage,
        }
    )


def _frame(wire: Wire) -> dict[str, Json]:
    return {"model": wire.exchange.body["model"], "created_at": "2026-11-20T12:00:00.000000Z"}


def _prompt_tokens(body: Json) -> int:
    return sum(len(message["content"].encode()) // 4 for message in body["messages"])


def _ndjson(entry: Json) -> bytes:
    # As Go does: not ASCII alone, so that a U+0085 in a text reaches the client as it is.
    return json.dumps(entry, ensure_ascii=False).encode() + b"\n"


def _parts(text: str) -> Iterator[str]:
    yield from re.findall(r"\s*\S+\s*$|\s*\S+", text)


if __name__ == "__main__":
    serve(OllamaServer)
