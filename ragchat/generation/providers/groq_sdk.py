"""The Groq SDK as we open it. This module owns the import, which costs 190 ms: import it only to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import groq
import httpx

from ragchat.core.destination import destination
from ragchat.generation.providers.watched import timeouts, watch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from groq.types.chat import ChatCompletionChunk

    from ragchat.generation.providers.deadlines import Deadline, Deadlines

ERRORS = (
    groq.GroqError,
    # What is raised while a stream is read comes as it is: from httpx, or from the decoding of a chunk.
    httpx.HTTPError,
    httpx.StreamError,
    httpx.InvalidURL,
    ValueError,
    RecursionError,
    OSError,
)


def open_client(*, api_key: str, base_url: str, deadlines: Deadlines) -> groq.Groq:
    """A client that makes each request once, goes nowhere but to `base_url`, and follows no redirect."""
    return groq.Groq(
        api_key=api_key,
        base_url=base_url,
        timeout=timeouts(deadlines),
        max_retries=0,
        http_client=groq.DefaultHttpxClient(
            follow_redirects=False,
            # A proxy from the environment would be asked for 127.0.0.1 too.
            trust_env=destination(base_url) is not None,
        ),
    )


def watched(
    stream: groq.Stream[ChatCompletionChunk], deadline: Deadline, deadlines: Deadlines
) -> groq.Stream[ChatCompletionChunk]:
    """`stream`, bounded by `deadline`."""
    watch(stream.response, deadline, deadlines)
    return stream


def headers_of(error: BaseException) -> Mapping[str, str] | None:
    """The headers of the refusal that `error` is; None when there was no reply."""
    return error.response.headers if isinstance(error, groq.APIStatusError) else None
