"""Answers that a server streams as events over HTTP: what is the same whatever its wire."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from ragchat.core.choices import provider_name
from ragchat.core.completion import Notice
from ragchat.core.destination import destination
from ragchat.errors import GenerationError
from ragchat.generation.providers.deadlines import Deadline
from ragchat.generation.providers.failures import Asked, malformed_key, of_end, of_error, of_event, of_refusal
from ragchat.generation.providers.refusals import blamed
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
    from ragchat.generation.providers.line import Line

# Of a model that is not known: those of today write as much, and a request for more is refused.
_LONGEST = 8192
_COUNTS = ("prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens")


class ServedGenerator(ABC):
    """Streams answers over one wire, which a subclass knows. What a server refuses to be asked is remembered.

    Local servers need no `api_key`. `heard` is told the model and the headers of every reply, refusals included.
    That `model` stands in for the retired one that it `replaces` is said once.
    """

    provider: str
    context: int | None = None
    longest: int | None = None
    """The most tokens that the model can write, where that is known."""

    words: Words
    request_id: str
    """The header that names the request."""

    path = ""
    """Where answers are asked for, below the base URL; one that names it already stays as it is."""

    optional: tuple[str, ...] = ()
    """Arguments that not every server knows. One that is refused fails with the code `argument`, and is left out
    from then on.
    """

    def __init__(  # noqa: PLR0913 - each is a setting
        self,
        *,
        api_key: str | None,
        model: str,
        replaces: str | None = None,
        temperature: float,
        max_tokens: int,
        base_url: str,
        deadlines: Deadlines,
        heard: Callable[[str, Mapping[str, str]], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api_key = api_key
        self._base_url = base_url
        self._temperature = temperature
        self.max_tokens = max_tokens
        self._deadlines = deadlines
        self._heard = heard
        self._clock = clock
        self._idle: list[Line] = []
        self._refused: set[str] = set()
        self._news: list[str] = []
        if replaces is not None:
            name = provider_name(self.provider)
            self._news.append(f"{name} retired {replaces}; {model} answers. Set {self.words.name}_MODEL to it.")
        self._become(model)

    @property
    def destination(self) -> str | None:
        """The host of the base URL; None when it is this machine."""
        return destination(self._base_url)

    def stream(self, prompt: Prompt) -> abc.Generator[Piece, None, None]:
        """As `Generator.stream`; raises `GenerationError` with the failure `config` for a malformed key."""
        problem = None if self._api_key is None else malformed_key(self._api_key, self.words)
        if problem is not None:
            raise problem
        while self._news:
            yield Notice(self._news.pop(0))
        transcript = Transcript(prompt, self._clock)
        yield from kept(self._pieces(prompt, transcript), transcript, self)

    def roomier(self) -> bool:
        """As `Roomy.roomier`; never more than the model can write."""
        before, most = self.max_tokens, self.longest or _LONGEST
        self.max_tokens = max(before, min(2 * before, most))
        return self.max_tokens > before

    def close(self) -> None:
        """Close the connections."""
        while self._idle:
            self._idle.pop().close()

    # The wire

    def headers(self, api_key: str | None) -> Mapping[str, str]:  # noqa: ARG002 - a wire's own
        """What every request carries."""
        return {}

    @abstractmethod
    def body(self, prompt: Prompt) -> dict[str, object]:
        """What is asked, every argument included."""

    @abstractmethod
    def decode(self, name: bytes, data: bytes) -> Chunk:
        """The chunk in an event; raises `ValueError` for one that makes no sense."""

    def limits(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        """The headers of a reply, with its limits under the names of the OpenAI wire."""
        return headers

    def open_line(self) -> Line:
        """What requests are made over. Imports what that takes, before the deadline counts."""
        from ragchat.generation.providers.line import Line  # noqa: PLC0415 - 80 ms, paid by the first question

        return Line(headers=self.headers(self._api_key), base_url=self._base_url)

    def request(self, client: httpx.Client, body: Mapping[str, object]) -> AbstractContextManager[httpx.Response]:
        """The reply to one request, of which only the head is read, whatever its status."""
        return client.stream("POST", self._base_url.rstrip("/").removesuffix(self.path) + self.path, json=body)

    def _become(self, model: str) -> None:
        self.model = model

    # One answer

    @property
    def _asked(self) -> Asked:
        return Asked(self.words, self.model, self._api_key or "")

    def _pieces(self, prompt: Prompt, transcript: Transcript) -> abc.Generator[Piece, None, None]:
        from ragchat.generation.providers import sse  # noqa: PLC0415 - 80 ms, paid by the first question

        body = {name: value for name, value in self.body(prompt).items() if name not in self._refused}
        deadlines = self._deadlines.within(prompt.first_s)
        try:
            with self._line() as line:
                deadline = Deadline(deadlines, self._clock, hint=self.words.patience)
                with line.watched(deadline, deadlines), self.request(line.client, body) as response:
                    self._tell(response.headers)
                    if not response.is_success:
                        raise self._refusal(response, sse.said(response))
                    request_id = response.headers.get(self.request_id)
                    yield from self._read(sse.chunks(response, self.decode), request_id, transcript, deadline)
        except sse.ERRORS as error:
            raise of_error(error, self._asked) from error

    @contextmanager
    def _line(self) -> Iterator[Line]:
        line = self._idle.pop() if self._idle else self.open_line()
        try:
            yield line
        finally:
            self._idle.append(line)

    def _tell(self, headers: Mapping[str, str] | None) -> None:
        if headers is not None and self._heard is not None:
            self._heard(self.model, self.limits(headers))

    def _refusal(self, response: httpx.Response, body: object) -> GenerationError:
        """What the refusal means; an argument that it is about is left out from now on."""
        error = of_refusal(response.status_code, response.headers, body, self._asked)
        error.request_id = response.headers.get(self.request_id)
        argument = blamed(body, self.optional) if error.failure == "other" else None
        if argument is None or argument in self._refused:
            return error
        self._refused.add(argument)
        if argument == "temperature":
            self._news.append(f"{self.model} takes no temperature; it uses its own.")
        return GenerationError(
            f"The server takes no {argument}.",
            "Ask again: from now on it is left out.",
            failure="other",
            http_status=error.http_status,
            cause="argument",
            request_id=error.request_id,
        )

    def _read(
        self, chunks: Iterator[Chunk], request_id: str | None, transcript: Transcript, deadline: Deadline
    ) -> Iterator[Piece]:
        finish: str | None = None
        usage: Usage | None = None
        for chunk in chunks:
            request_id = chunk.request_id or request_id
            if chunk.error is not None:
                raise of_event(chunk.error, self._asked, request_id=request_id)
            if chunk.usage is not None:
                usage = chunk.usage if usage is None else _together(usage, chunk.usage)
            # Some servers end without a reason.
            finish = chunk.finish or finish or ("stop" if chunk.done and transcript.text else None)
            if chunk.text:
                with deadline.handing_on(chunk.text):
                    yield transcript.add(chunk.text)
            if finish is not None:
                deadline.ending()
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


def _together(before: Usage, now: Usage) -> Usage:
    """The newest of each count: some servers count the prompt when they begin, and the answer at its end."""
    known = {name: getattr(before, name) for name in _COUNTS if getattr(now, name) is None}
    return replace(now, **known)
