"""Answers from Groq."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

from ragchat.core.completion import Notice
from ragchat.core.destination import destination
from ragchat.core.usage import Usage
from ragchat.errors import GenerationError
from ragchat.generation.failures import of_groq
from ragchat.generation.groq_models import REASONING_ROOM, RETIRED, reasoning
from ragchat.generation.transcript import Transcript, kept

if TYPE_CHECKING:
    from collections import abc
    from collections.abc import Callable, Iterator

    from groq import Groq, Stream
    from groq.types import CompletionUsage
    from groq.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

    from ragchat.core.completion import Piece, Prompt
    from ragchat.generation.groq_wire import Deadline


class GroqGenerator:
    """Streams chat completions; a retired model is replaced, and that is said once.

    `base_url` ends without `/openai/v1`: the client adds it. `timeout_s` bounds every wait for visible text,
    however the server fills it.
    """

    provider = "groq"

    def __init__(
        self,
        *,
        api_key: str,
        model: str,
        temperature: float,
        max_tokens: int,
        timeout_s: float,
        base_url: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api_key = api_key
        self._base_url = base_url
        self._asked_model = model
        self.model = RETIRED.get(model, model)
        self._temperature = temperature
        self._max_tokens = max_tokens
        self._timeout_s = timeout_s
        self._clock = clock
        self._client: Groq | None = None
        self._replacement_told = self.model == model

    @property
    def destination(self) -> str | None:
        """The host of the base URL; None when it is this machine."""
        return destination(self._base_url)

    def stream(self, prompt: Prompt) -> abc.Generator[Piece, None, None]:
        """As `Generator.stream`; raises `GenerationError` with the failure `config` for a malformed key."""
        check_key(self._api_key)
        if not self._replacement_told:
            self._replacement_told = True
            yield Notice(f"Groq retired {self._asked_model}; {self.model} answers. Set GROQ_MODEL to it.")
        transcript = Transcript(prompt, self._clock)
        yield from kept(self._pieces(prompt, transcript), transcript, self)

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _pieces(self, prompt: Prompt, transcript: Transcript) -> abc.Generator[Piece, None, None]:
        from ragchat.generation import groq_wire as wire  # noqa: PLC0415 - 190 ms, paid by the first question

        try:
            if self._client is None:
                self._client = wire.open_client(
                    api_key=self._api_key, base_url=self._base_url, timeout_s=self._timeout_s
                )
            deadline = wire.Deadline(self._timeout_s, self._clock)
            with wire.watched(self._request(self._client, prompt), deadline) as stream:
                yield from self._read(stream, transcript, deadline)
        except wire.ERRORS as error:
            raise of_groq(error, model=self.model, secret=self._api_key) from error

    def _request(self, client: Groq, prompt: Prompt) -> Stream[ChatCompletionChunk]:
        extra = reasoning(self.model)
        messages = [{"role": message.role, "content": message.text} for message in prompt.messages]
        return client.chat.completions.create(
            model=self.model,
            messages=cast("list[ChatCompletionMessageParam]", messages),
            temperature=self._temperature,
            max_completion_tokens=max(self._max_tokens, REASONING_ROOM) if extra else self._max_tokens,
            stream=True,
            extra_body=extra,
        )

    def _read(
        self, stream: Stream[ChatCompletionChunk], transcript: Transcript, deadline: Deadline
    ) -> Iterator[Piece]:
        finish: str | None = None
        usage: CompletionUsage | None = None
        request_id: str | None = stream.response.headers.get("x-request-id")
        for chunk in stream:
            # The SDK does not validate what it decodes: any field may be missing.
            own = getattr(chunk, "x_groq", None)
            if own is not None:
                request_id = own.id or request_id
                if own.error:
                    raise GenerationError(
                        f"The server stopped early: {own.error}.",
                        "Ask again.",
                        failure="server",
                        code="x_groq",
                        request_id=request_id,
                    )
            usage = getattr(own, "usage", None) or getattr(chunk, "usage", None) or usage
            for choice in getattr(chunk, "choices", None) or ():
                finish = getattr(choice, "finish_reason", None) or finish
                text = getattr(getattr(choice, "delta", None), "content", None)
                if text:
                    deadline.renew()
                    yield transcript.add(text)
        if finish is None:
            raise _unfinished(transcript, request_id)
        yield transcript.completion(
            self.provider,
            self.model,
            finish="length" if finish == "length" else "stop",
            usage=_usage(usage),
            request_id=request_id,
        )


def check_key(key: str) -> None:
    """Raise `GenerationError` when `key` cannot be sent: the SDK would call that a connection error."""
    if not key:
        problem = "is empty"
    elif not key.isascii():
        problem = "holds a character that is not ASCII"
    elif any(char.isspace() or not char.isprintable() for char in key):
        problem = "holds white space or a line break"
    elif any(quote in key for quote in "\"'`"):
        problem = "holds a quotation mark"
    else:
        return
    raise GenerationError(
        f"GROQ_API_KEY {problem}.",
        "Copy the key again from https://console.groq.com/keys, without quotes.",
        failure="config",
        code="malformed_key",
    )


def _unfinished(transcript: Transcript, request_id: str | None) -> GenerationError:
    """A stream that ends without its last chunk raises nothing by itself."""
    if transcript.text:
        return GenerationError(
            "The stream ended before the answer did.",
            "Ask again.",
            failure="network",
            code="no_finish",
            request_id=request_id,
        )
    return GenerationError(
        "The reply holds no answer.",
        "Is there a captive portal? Check the network and GROQ_BASE_URL.",
        failure="garbage",
        code="no_chunks",
        request_id=request_id,
    )


def _usage(counted: CompletionUsage | None) -> Usage | None:
    if counted is None:
        return None
    return Usage(
        prompt_tokens=getattr(counted, "prompt_tokens", None),
        completion_tokens=getattr(counted, "completion_tokens", None),
        cached_tokens=getattr(counted.prompt_tokens_details, "cached_tokens", None),
        reasoning_tokens=getattr(counted.completion_tokens_details, "reasoning_tokens", None),
        source="server",
        queue_s=counted.queue_time,
        prompt_s=counted.prompt_time,
        completion_s=counted.completion_time,
    )
