"""Answers that a server streams as events over HTTP: what is the same whatever its wire."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING

from ragchat.core.completion import Notice
from ragchat.core.destination import destination
from ragchat.errors import GenerationError
from ragchat.generation.providers.deadlines import Deadline
from ragchat.generation.providers.failures import Asked, malformed_key, of_end, of_error, of_event, of_refusal
from ragchat.generation.providers.transcript import Transcript, kept

if TYPE_CHECKING:
    from collections import abc
    from collections.abc import Callable, Iterator, Mapping

    import httpx

    from ragchat.core.completion import Piece, Prompt
    from ragchat.core.usage import Usage
    from ragchat.generation.providers.chunk import Chunk
    from ragchat.generation.providers.deadlines import Deadlines
    from ragchat.generation.providers.failures import Words


class ServedGenerator(ABC):
    """Streams answers over one wire, which a subclass knows. What a server refuses to be asked is remembered.

    Local servers need no `api_key`. `heard` is told the model and the headers of every reply, refusals included.
    """

    provider: str
    context: int | None = None
    words: Words
    path: str
    """Where answers are asked for, below the base URL; one that names it already stays as it is."""

    optional: tuple[str, ...]
    """Not every server knows every argument. One that names such a one in its refusal is asked again without."""

    request_id: str
    """The header that names the request."""

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
        self._asked = Asked(self.words, model, api_key or "")
        self._client: httpx.Client | None = None
        self._refused: set[str] = set()

    @property
    def destination(self) -> str | None:
        """The host of the base URL; None when it is this machine."""
        return destination(self._base_url)

    def stream(self, prompt: Prompt) -> abc.Generator[Piece, None, None]:
        """As `Generator.stream`; raises `GenerationError` with the failure `config` for a malformed key."""
        problem = None if self._api_key is None else malformed_key(self._api_key, self.words)
        if problem is not None:
            raise problem
        transcript = Transcript(prompt, self._clock)
        yield from kept(self._pieces(prompt, transcript), transcript, self)

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    # The wire

    @abstractmethod
    def headers(self, api_key: str | None) -> Mapping[str, str]:
        """What every request carries."""

    @abstractmethod
    def body(self, prompt: Prompt) -> dict[str, object]:
        """What is asked, every argument included."""

    @abstractmethod
    def decode(self, name: bytes, data: bytes) -> Chunk:
        """The chunk in an event; raises `ValueError` for one that makes no sense."""

    def limits(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        """The headers of a reply, with its limits under the names of the OpenAI wire."""
        return headers

    # One answer

    def _pieces(self, prompt: Prompt, transcript: Transcript) -> abc.Generator[Piece, None, None]:
        from ragchat.generation.providers import sse  # noqa: PLC0415 - 80 ms, paid by the first question

        deadline = Deadline(self._deadlines, self._clock, hint=self.words.patience)
        address = self._base_url.rstrip("/").removesuffix(self.path) + self.path
        answered = False
        try:
            if self._client is None:
                headers = self.headers(self._api_key)
                self._client = sse.open_client(headers=headers, base_url=self._base_url, deadlines=self._deadlines)
            while not answered:
                body = {name: value for name, value in self.body(prompt).items() if name not in self._refused}
                with sse.asked(self._client, address, body, deadline, self._deadlines) as response:
                    if self._heard is not None:
                        self._heard(self.model, self.limits(response.headers))
                    answered = response.is_success
                    if answered:
                        request_id = response.headers.get(self.request_id)
                        yield from self._read(sse.chunks(response, self.decode), request_id, transcript, deadline)
                    else:
                        yield from self._conceded(response, *sse.said(response))
        except sse.ERRORS as error:
            raise of_error(error, self._asked) from error

    def _conceded(self, response: httpx.Response, text: str, body: object) -> Iterator[Notice]:
        """Give up an argument that the server refuses; raises `GenerationError` when it refuses something else."""
        error = of_refusal(response.status_code, response.headers, body, self._asked)
        error.request_id = response.headers.get(self.request_id)
        named = [name for name in self.optional if name in text and name not in self._refused]
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
            usage = _together(usage, chunk.usage)
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


def _together(before: Usage | None, now: Usage | None) -> Usage | None:
    """The newest of each count: some servers count the prompt when they begin, and the answer at its end."""
    if before is None or now is None:
        return now or before
    return replace(
        before,
        prompt_tokens=_newest(before.prompt_tokens, now.prompt_tokens),
        completion_tokens=_newest(before.completion_tokens, now.completion_tokens),
        cached_tokens=_newest(before.cached_tokens, now.cached_tokens),
        reasoning_tokens=_newest(before.reasoning_tokens, now.reasoning_tokens),
    )


def _newest(before: int | None, now: int | None) -> int | None:
    return before if now is None else now
