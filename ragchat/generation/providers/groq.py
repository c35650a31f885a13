"""Answers from Groq."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

from ragchat.core.completion import Notice
from ragchat.core.destination import destination
from ragchat.core.usage import Usage
from ragchat.errors import GenerationError
from ragchat.generation.providers.deadlines import Deadline, Deadlines
from ragchat.generation.providers.failures import GROQ, Asked, malformed_key, of_end, of_error, of_event
from ragchat.generation.providers.groq_models import CURRENT, REASONING_ROOM, RETIRED, context, reasoning
from ragchat.generation.providers.transcript import Transcript, kept

if TYPE_CHECKING:
    from collections import abc
    from collections.abc import Callable, Iterator, Mapping

    from groq import Groq, Stream
    from groq.types import CompletionUsage
    from groq.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

    from ragchat.core.completion import Piece, Prompt


class GroqGenerator:
    """Streams chat completions; a retired model is replaced, and that is said once.

    `base_url` ends without `/openai/v1`: the client adds it. `heard` is told the model and the headers of every
    reply, refusals included.
    """

    provider = "groq"

    def __init__(  # noqa: PLR0913 - each is a setting
        self,
        *,
        api_key: str,
        model: str,
        temperature: float,
        max_tokens: int,
        base_url: str,
        deadlines: Deadlines,
        heard: Callable[[str, Mapping[str, str]], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api_key = api_key
        self._base_url = base_url
        self._asked_model = model
        self._temperature = temperature
        self._most_tokens = max_tokens
        self._become(RETIRED.get(model, model))
        self._deadlines = deadlines
        self._heard = heard
        self._clock = clock
        self._gone: set[str] = set()
        self._client: Groq | None = None
        self._replacement_told = self.model == model

    def _become(self, model: str) -> None:
        self.model = model
        self.context = context(model)
        self._reasoning = reasoning(model)
        self.max_tokens = max(self._most_tokens, REASONING_ROOM) if self._reasoning else self._most_tokens
        self._asked = Asked(GROQ, model, self._api_key)

    def another_model(self) -> str | None:
        """As `Versatile.another_model`."""
        self._gone.add(self.model)
        other = next((model for model in CURRENT if model not in self._gone), None)
        if other is not None:
            self._become(other)
        return other

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
        from ragchat.generation.providers import groq_wire as wire  # noqa: PLC0415 - 190 ms, for a question

        try:
            if self._client is None:
                self._client = wire.open_client(
                    api_key=self._api_key, base_url=self._base_url, deadlines=self._deadlines
                )
            deadline = Deadline(self._deadlines, self._clock, hint=GROQ.patience)
            with wire.watched(self._request(self._client, prompt), deadline, self._deadlines) as stream:
                self._tell(stream.response.headers)
                yield from self._read(stream, transcript, deadline)
        except (AttributeError, TypeError) as error:  # a field of another kind than the SDK says
            raise GenerationError(
                "The reply makes no sense.", "Ask again.", failure="garbage", code="malformed"
            ) from error
        except wire.ERRORS as error:
            self._tell(wire.headers_of(error))
            raise of_error(error, self._asked) from error

    def _tell(self, headers: Mapping[str, str] | None) -> None:
        if headers is not None and self._heard is not None:
            self._heard(self.model, headers)

    def _request(self, client: Groq, prompt: Prompt) -> Stream[ChatCompletionChunk]:
        messages = [{"role": message.role, "content": message.text} for message in prompt.messages]
        return client.chat.completions.create(
            model=self.model,
            messages=cast("list[ChatCompletionMessageParam]", messages),
            temperature=self._temperature,
            max_completion_tokens=self.max_tokens,
            stream=True,
            extra_body=self._reasoning,
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
                    raise of_event(own.error, self._asked, code="x_groq", request_id=request_id)
            usage = getattr(own, "usage", None) or getattr(chunk, "usage", None) or usage
            for choice in getattr(chunk, "choices", None) or ():
                finish = getattr(choice, "finish_reason", None) or finish
                text = getattr(getattr(choice, "delta", None), "content", None)
                if text:
                    with deadline.handing_on(text):
                        yield transcript.add(text)
        if finish is None:
            raise of_end(any_text=bool(transcript.text), asked=self._asked, request_id=request_id)
        yield transcript.completion(
            self.provider,
            self.model,
            finish="length" if finish == "length" else "stop",
            usage=_usage(usage),
            request_id=request_id,
        )


def check_key(key: str) -> None:
    """Raise `GenerationError` when `key` cannot be sent: the SDK would call that a connection error."""
    problem = malformed_key(key, GROQ)
    if problem is not None:
        raise problem


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
