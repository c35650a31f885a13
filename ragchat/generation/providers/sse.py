"""Server-sent events over httpx, as chat servers stream them. Imports httpx, 80 ms: import it only to ask."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx

from ragchat.errors import GenerationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ragchat.generation.providers.chunk import Chunk

ERRORS = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, ValueError, RecursionError, OSError)


def said(response: httpx.Response) -> object:
    """The body of a refusal as its JSON, which is None when it is none."""
    try:
        return json.loads(response.read())
    except (ValueError, RecursionError):
        return None


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
