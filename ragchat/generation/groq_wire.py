"""The Groq SDK as we open it. This module owns the import, which costs 190 ms: import it only to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import groq
import httpx

from ragchat.core.destination import destination
from ragchat.errors import GenerationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from groq.types.chat import ChatCompletionChunk

CONNECT_TIMEOUT_S = 5.0

ERRORS = (
    groq.GroqError,
    # What is raised while a stream is read comes as it is: from httpx, or from the decoding of a chunk.
    httpx.HTTPError,
    httpx.StreamError,
    httpx.InvalidURL,
    ValueError,
    OSError,
)


class Deadline:
    """When the server has been silent for too long.

    httpx bounds single reads only, so a server that drips comments or thoughts would hold us for ever.
    """

    def __init__(self, timeout_s: float, clock: Callable[[], float]) -> None:
        self._timeout_s = timeout_s
        self._clock = clock
        self.renew()

    def renew(self) -> None:
        """Something visible came: the time starts anew."""
        self._expires = self._clock() + self._timeout_s

    def check(self) -> None:
        """Raise `GenerationError` when nothing visible has come in time."""
        if self._clock() > self._expires:
            raise GenerationError(
                f"No text came within {self._timeout_s:g} s.",
                "Raise GROQ_TIMEOUT, or ask again.",
                failure="timeout",
                code="deadline",
            )


class _Watched(httpx.SyncByteStream):
    """The body of a reply, with the deadline checked whenever bytes arrive."""

    def __init__(self, body: httpx.SyncByteStream, deadline: Deadline) -> None:
        self._body = body
        self._deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        for part in self._body:
            self._deadline.check()
            yield part

    def close(self) -> None:
        self._body.close()


def open_client(*, api_key: str, base_url: str, timeout_s: float) -> groq.Groq:
    """A client that makes each request once, goes nowhere but to `base_url`, and follows no redirect."""
    timeout = httpx.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s))
    return groq.Groq(
        api_key=api_key,
        base_url=base_url,
        timeout=timeout,
        max_retries=0,
        http_client=groq.DefaultHttpxClient(
            follow_redirects=False,
            # A proxy from the environment would be asked for 127.0.0.1 too.
            trust_env=destination(base_url) is not None,
        ),
    )


def watched(stream: groq.Stream[ChatCompletionChunk], deadline: Deadline) -> groq.Stream[ChatCompletionChunk]:
    """`stream`, bounded by `deadline`."""
    body = stream.response.stream
    if isinstance(body, httpx.SyncByteStream):
        stream.response.stream = _Watched(body, deadline)
    return stream
