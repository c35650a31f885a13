"""Server-sent events over httpx, as chat servers stream them. Imports httpx, 80 ms: import it only to ask."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

from ragchat.core.destination import destination
from ragchat.errors import GenerationError
from ragchat.generation.providers.watched import timeouts, watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ragchat.generation.providers.chunk import Chunk
    from ragchat.generation.providers.deadlines import Deadline, Deadlines

ERRORS = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, ValueError, RecursionError, OSError)


def open_client(*, headers: Mapping[str, str], base_url: str, deadlines: Deadlines) -> httpx.Client:
    """A client that makes each request once, goes nowhere but to `base_url`, and follows no redirect."""
    return httpx.Client(
        headers=headers,
        timeout=timeouts(deadlines),
        follow_redirects=False,
        # A proxy from the environment would be asked for 127.0.0.1 too.
        trust_env=destination(base_url) is not None,
    )


@contextmanager
def asked(
    client: httpx.Client, address: str, body: Mapping[str, object], deadline: Deadline, deadlines: Deadlines
) -> Iterator[httpx.Response]:
    """The reply to one request, whatever its status, bounded by `deadline`."""
    with client.stream("POST", address, json=body) as response:
        watch(response, deadline, deadlines)
        yield response


def said(response: httpx.Response) -> tuple[str, object]:
    """The body of a refusal, as text and as its JSON, which is None when it is none."""
    response.read()
    try:
        return response.text, json.loads(response.content)
    except (ValueError, RecursionError):
        return response.text, None


def chunks(response: httpx.Response, decode: Callable[[bytes, bytes], Chunk]) -> Iterator[Chunk]:
    """The chunks of a streamed reply; `decode` makes one of an event's name and data, or raises `ValueError`.

    After the chunk that says why the answer ends there may be counts, and a failure is none any more.
    """
    finished = False
    try:
        for name, data in _events(response.iter_bytes()):
            chunk = decode(name, data)
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
