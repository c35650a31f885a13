"""Answers from any server with the OpenAI wire: OpenAI, vLLM, llama.cpp, LM Studio, OpenRouter."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ragchat.core.completion import Notice
from ragchat.core.destination import destination
from ragchat.errors import GenerationError
from ragchat.generation.deadlines import Deadline
from ragchat.generation.failures import OPENAI, Asked, malformed_key, of_end, of_error, of_event, of_refusal
from ragchat.generation.transcript import Transcript, kept

if TYPE_CHECKING:
    from collections import abc
    from collections.abc import Callable, Iterator, Mapping

    import httpx

    from ragchat.core.completion import Piece, Prompt
    from ragchat.core.usage import Usage
    from ragchat.generation.deadlines import Deadlines
    from ragchat.generation.openai_wire import Chunk

# Not every server knows every argument. One that names it in its refusal is asked again without.
_OPTIONAL = ("stream_options", "max_completion_tokens", "temperature")


class OpenAIGenerator:
    """Streams chat completions. What the server refuses to be asked is remembered, and not asked again.

    `base_url` is taken as it is, `/v1` included; local servers need no `api_key`. `heard` is told the model and
    the headers of every reply, refusals included.
    """

    provider = "openai"
    context: int | None = None

    def __init__(  # noqa: PLR0913 - each is a setting
        self,
        *,
        api_key: str | None,
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
        self.model = model
        self._temperature = temperature
        self.max_tokens = max_tokens
        self._deadlines = deadlines
        self._heard = heard
        self._clock = clock
        self._asked = Asked(OPENAI, model, api_key or "")
        self._client: httpx.Client | None = None
        self._refused: set[str] = set()

    @property
    def destination(self) -> str | None:
        """The host of the base URL; None when it is this machine."""
        return destination(self._base_url)

    def stream(self, prompt: Prompt) -> abc.Generator[Piece, None, None]:
        """As `Generator.stream`; raises `GenerationError` with the failure `config` for a malformed key."""
        problem = None if self._api_key is None else malformed_key(self._api_key, OPENAI)
        if problem is not None:
            raise problem
        transcript = Transcript(prompt, self._clock)
        yield from kept(self._pieces(prompt, transcript), transcript, self)

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _pieces(self, prompt: Prompt, transcript: Transcript) -> abc.Generator[Piece, None, None]:
        from ragchat.generation import openai_wire as wire  # noqa: PLC0415 - 80 ms, paid by the first question

        deadline = Deadline(self._deadlines, self._clock, hint=OPENAI.patience)
        answered = False
        try:
            if self._client is None:
                self._client = wire.open_client(
                    api_key=self._api_key, base_url=self._base_url, deadlines=self._deadlines
                )
            request = (self._client, self._base_url)
            while not answered:
                with wire.asked(*request, self._body(prompt), deadline, self._deadlines) as response:
                    if self._heard is not None:
                        self._heard(self.model, response.headers)
                    answered = response.is_success
                    if answered:
                        request_id = response.headers.get("x-request-id")
                        yield from self._read(wire.chunks(response), request_id, transcript, deadline)
                    else:
                        yield from self._conceded(response, *wire.said(response))
        except wire.ERRORS as error:
            raise of_error(error, self._asked) from error

    def _body(self, prompt: Prompt) -> dict[str, object]:
        body = {
            "model": self.model,
            "messages": [{"role": message.role, "content": message.text} for message in prompt.messages],
            "temperature": self._temperature,
            "max_completion_tokens": self.max_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if "max_completion_tokens" in self._refused:
            body["max_tokens"] = self.max_tokens  # its name before reasoning models
        return {name: value for name, value in body.items() if name not in self._refused}

    def _conceded(self, response: httpx.Response, text: str, body: object) -> Iterator[Notice]:
        """Give up an argument that the server refuses; raises `GenerationError` when it refuses something else."""
        error = of_refusal(response.status_code, response.headers, body, self._asked)
        named = [name for name in _OPTIONAL if name in text and name not in self._refused]
        if error.failure != "other" or not named:
            raise error
        self._refused.add(named[0])
        if named[0] == "temperature":
            yield Notice(f"{self.model} takes no temperature; it uses its own.")

    def _read(
        self, chunks: Iterator[Chunk], request_id: str | None, transcript: Transcript, deadline: Deadline
    ) -> Iterator[Piece]:
        finish: str | None = None
        usage: Usage | None = None
        for chunk in chunks:
            if chunk.error is not None:
                raise of_event(chunk.error, self._asked, request_id=request_id)
            usage = chunk.usage or usage
            # Some servers end without a reason.
            finish = chunk.finish or finish or ("stop" if chunk.done and transcript.text else None)
            if chunk.text:
                with deadline.handing_on(chunk.text):
                    yield transcript.add(chunk.text)
        if finish is None:
            raise of_end(any_text=bool(transcript.text), asked=self._asked, request_id=request_id)
        if finish == "content_filter":
            raise GenerationError(
                "The server's filter stopped the answer.",
                "Word the question differently.",
                failure="other",
                code=finish,
                request_id=request_id,
            )
        yield transcript.completion(
            self.provider,
            self.model,
            finish="length" if finish == "length" else "stop",
            usage=usage,
            request_id=request_id,
        )
