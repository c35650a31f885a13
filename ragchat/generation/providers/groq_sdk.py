"""The Groq SDK as we open it. This module owns the import, which costs 190 ms: import it only to ask."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import groq

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import httpx
    from groq.types.chat import ChatCompletionMessageParam

ERRORS = groq.GroqError


@contextmanager
def asked(
    client: httpx.Client, *, api_key: str, base_url: str, body: Mapping[str, object]
) -> Iterator[httpx.Response]:
    """The reply to one request, of which only the head is read; raises `groq.GroqError` for a refusal.

    What the SDK makes of the body is not asked for: as models of pydantic each token costs 70 microseconds.
    """
    sdk = groq.Groq(api_key=api_key, base_url=base_url, max_retries=0, http_client=client)
    with sdk.chat.completions.with_streaming_response.create(
        model=str(body["model"]),
        messages=cast("list[ChatCompletionMessageParam]", body["messages"]),
        stream=True,
        extra_body=body,
    ) as reply:
        yield reply.http_response


def headers_of(error: BaseException) -> Mapping[str, str] | None:
    """The headers of the refusal that `error` is; None when there was no reply."""
    return error.response.headers if isinstance(error, groq.APIStatusError) else None
