"""The OpenAI wire over httpx: chat completions as server-sent events. Imports httpx, 80 ms: import it only to ask.

Shapes: OpenAI's API reference; vLLM, llama.cpp's server, LM Studio and OpenRouter leave fields out or add others.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from ragchat.core.destination import destination
from ragchat.core.usage import Usage
from ragchat.errors import GenerationError
from ragchat.generation.watched import timeouts, watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ragchat.generation.deadlines import Deadline, Deadlines

ERRORS = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, ValueError, RecursionError, OSError)

_PATH = "/chat/completions"


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one event says: the next visible text, why the answer ends, what it took, or what went wrong."""

    text: str = ""
    finish: str | None = None
    usage: Usage | None = None
    error: object = None
    done: bool = False


def open_client(*, api_key: str | None, base_url: str, deadlines: Deadlines) -> httpx.Client:
    """A client that makes each request once, goes nowhere but to `base_url`, and follows no redirect."""
    return httpx.Client(
        headers={"Authorization": f"Bearer {api_key}"} if api_key is not None else None,
        timeout=timeouts(deadlines),
        follow_redirects=False,
        # A proxy from the environment would be asked for 127.0.0.1 too.
        trust_env=destination(base_url) is not None,
    )


def address(base_url: str) -> str:
    """Where completions are asked for; a base URL that names the place already stays as it is."""
    return base_url.rstrip("/").removesuffix(_PATH) + _PATH


@contextmanager
def asked(
    client: httpx.Client, base_url: str, body: Mapping[str, object], deadline: Deadline, deadlines: Deadlines
) -> Iterator[httpx.Response]:
    """The reply to one request, whatever its status, bounded by `deadline`."""
    with client.stream("POST", address(base_url), json=body) as response:
        watch(response, deadline, deadlines)
        yield response


def said(response: httpx.Response) -> tuple[str, object]:
    """The body of a refusal, as text and as its JSON, which is None when it is none."""
    response.read()
    try:
        return response.text, json.loads(response.content)
    except (ValueError, RecursionError):
        return response.text, None


def chunks(response: httpx.Response) -> Iterator[Chunk]:
    """The chunks of a streamed reply; raises `ValueError` for one that is no JSON object.

    After the chunk that says why the answer ends there may be counts, and a failure is none any more.
    """
    finished = False
    try:
        for name, data in _events(response.iter_bytes()):
            chunk = Chunk(done=True) if data == b"[DONE]" else _chunk(name, data)
            if finished and chunk.error is not None:
                return
            yield chunk
            finished = finished or chunk.finish is not None
            if chunk.done:
                return
    except (*ERRORS, GenerationError):
        if not finished:
            raise


def _events(parts: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Name and data of each server-sent event; one that is not finished by an empty line is none.

    WHATWG HTML, 9.2.6. Cut as bytes: `httpx.Response.iter_lines` would also cut at U+2028, inside a string.
    """
    name, data, rest = b"", list[bytes](), b""
    for part in parts:
        *lines, rest = (rest + part).split(b"\n")
        for line in (line.removesuffix(b"\r") for line in lines):
            field, _, value = line.partition(b":")
            if field == b"data":
                data.append(value.removeprefix(b" "))
            elif field == b"event":
                name = value.removeprefix(b" ")
            elif not line:
                if data:
                    yield name, b"\n".join(data)
                name, data = b"", []


def _chunk(name: bytes, data: bytes) -> Chunk:
    frame = json.loads(data)
    if not isinstance(frame, dict):
        raise ValueError("a chunk is a JSON object")
    if name == b"error" or frame.get("error"):
        return Chunk(error=frame)
    choices = frame.get("choices")
    choice = _object(choices[0]) if isinstance(choices, list) and choices else {}
    # Thoughts come in fields of their own, `reasoning` or `reasoning_content`: they are not the answer.
    text, finish = _object(choice.get("delta")).get("content"), choice.get("finish_reason")
    return Chunk(
        text if isinstance(text, str) else "",
        finish if isinstance(finish, str) else None,
        _usage(_object(frame.get("usage"))),
    )


def _usage(counted: Mapping[str, object]) -> Usage | None:
    if not counted:
        return None
    return Usage(
        prompt_tokens=_count(counted, "prompt_tokens"),
        completion_tokens=_count(counted, "completion_tokens"),
        cached_tokens=_count(_object(counted.get("prompt_tokens_details")), "cached_tokens"),
        reasoning_tokens=_count(_object(counted.get("completion_tokens_details")), "reasoning_tokens"),
        source="server",
    )


def _count(counted: Mapping[str, object], name: str) -> int | None:
    value = counted.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
