"""The Groq SDK as we open it. This module owns the import, which costs 190 ms: import it only to ask."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import groq
from groq.resources.chat.completions import Completions  # the SDK itself would import it in the first request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import httpx
    from groq.types.chat import ChatCompletionMessageParam

    from ragchat.errors import GenerationError


@contextmanager
def asked(
    client: httpx.Client,
    body: Mapping[str, object],
    *,
    api_key: str,
    base_url: str,
    refused: Callable[[groq.GroqError, Mapping[str, str] | None], GenerationError],
) -> Iterator[httpx.Response]:
    """The reply to one request, of which only the head is read.

    What the SDK raises is told to `refused`, with the headers of the reply, if there was one.

    What the SDK makes of the body is not asked for: as models of pydantic each token costs 70 microseconds.
    """
    sdk = groq.Groq(api_key=api_key, base_url=base_url, max_retries=0, http_client=client)
    try:
        with Completions(sdk).with_streaming_response.create(
            model=str(body["model"]),
            messages=cast("list[ChatCompletionMessageParam]", body["messages"]),
            stream=True,
            extra_body=body,
        ) as reply:
            yield reply.http_response
    except groq.GroqError as error:
        headers = error.response.headers if isinstance(error, groq.APIStatusError) else None
        raise refused(error, headers) from error
