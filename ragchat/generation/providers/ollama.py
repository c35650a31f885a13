"""Answers from a local Ollama."""

from __future__ import annotations

import time
from contextlib import closing, contextmanager
from functools import partial
from threading import Event, Thread
from typing import TYPE_CHECKING, Literal

from ragchat.core.completion import Notice
from ragchat.core.usage import Usage
from ragchat.errors import GenerationError, OllamaError
from ragchat.generation.providers.deadlines import Deadline, Deadlines
from ragchat.generation.providers.failures import of_ollama
from ragchat.generation.providers.transcript import Transcript, kept

if TYPE_CHECKING:
    from collections import abc
    from collections.abc import Callable, Iterator

    from ragchat.core.completion import Finish, Piece, Prompt
    from ragchat.ollama.client import OllamaClient, Watch
    from ragchat.ollama.replies import ChatLine, OllamaModel
    from ragchat.settings.model_names import Equivalent

# A cold model is loaded before it says a word.
DEADLINES = Deadlines(first_s=120.0, between_s=60.0, whole_s=600.0)

# A look at the list of models, before any deadline counts.
_LOOK = Deadlines(first_s=3.0, between_s=3.0)

_WHOLE = 0.6
_LEAST_CONTEXT = 512
_EMBEDDING_FAMILIES = ("bert",)
_EMBEDDING_NAMES = ("embed", "minilm", "bge-", "e5-", "gte-")


class OllamaGenerator:
    """Streams chat replies. Without a `model` the `preferred` one, else the newest that chats, is named once.

    `num_ctx` is sent with every request, always the same: another value would load the model again. Half of it at
    the most is for the answer, the rest for the prompt.
    """

    provider = "ollama"

    def __init__(  # noqa: PLR0913 - each is a setting
        self,
        client: OllamaClient,
        model: str | None,
        *,
        preferred: Equivalent | None = None,
        num_ctx: int,
        temperature: float,
        max_tokens: int,
        deadlines: Deadlines = DEADLINES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._wanted = model
        self._preferred = preferred
        self.max_tokens = min(max_tokens, num_ctx // 2)
        self.context = num_ctx
        self._num_ctx = num_ctx
        self._temperature = temperature
        self._deadlines = deadlines
        self._clock = clock
        self._found: OllamaModel | None = None
        self._located = True
        self._choice_told = model is not None

    @property
    def model(self) -> str:
        """The model asked for or chosen; empty before one is chosen."""
        return self._wanted or (self._found.name if self._found else "")

    @property
    def destination(self) -> str | None:
        """As `OllamaClient.whereabouts`; a server on this machine is first asked which model it would be.

        None as well when it does not say so in time. Should the model then turn out to run elsewhere, `stream`
        sends nothing.
        """
        look = Deadline(_LOOK, self._clock, hint="Ask again.")
        watch = partial(_watched, look)
        self._located = False
        try:
            if not self.model and self._client.destination is None:
                self._resolved(watch)
            where = self._client.whereabouts(self.model, watch=watch)
        except (OllamaError, GenerationError):
            self._found = None
            return None
        self._located = True
        return where

    def reachable(self) -> bool:
        """As `Reachable.reachable`."""
        return self._client.listens()

    def stream(self, prompt: Prompt) -> abc.Generator[Piece, None, None]:
        """As `Generator.stream`."""
        transcript = Transcript(prompt, self._clock)
        yield from kept(self._pieces(prompt, transcript), transcript, self)

    def roomier(self) -> bool:
        """As `Roomy.roomier`; no more than half of the context."""
        before, self.max_tokens = self.max_tokens, min(2 * self.max_tokens, self.context // 2)
        return self.max_tokens > before

    def _pieces(self, prompt: Prompt, transcript: Transcript) -> abc.Generator[Piece, None, None]:
        deadlines = self._deadlines.within(prompt.first_s)
        deadline = Deadline(deadlines, self._clock, hint="Try a smaller model, or ask again.")
        watch = partial(_watched, deadline)
        try:
            model = self._resolved(watch)
            self._stay_here(model)
            if not self._choice_told:
                self._choice_told = True
                yield Notice(f"OLLAMA_MODEL is unset: using {model.name}, {self._why(model)}.")
            think = self._think(model, watch)
            options = {
                "num_ctx": self._num_ctx,
                "temperature": self._temperature,
                "num_predict": self.max_tokens,
            }
            chat = self._client.chat(model.name, prompt.messages, options=options, think=think, watch=watch)
            with closing(chat) as lines:
                for line in lines:
                    if line.text:
                        with deadline.handing_on(line.text):
                            yield transcript.add(line.text)
                    if line.done:
                        yield from self._end(line, prompt, transcript)
                        return
                    deadline.check()
        except OllamaError as error:
            deadline.check()
            raise of_ollama(error) from error

    def _end(self, line: ChatLine, prompt: Prompt, transcript: Transcript) -> Iterator[Piece]:
        read = line.prompt_tokens
        cut = False
        if read is not None and read < _WHOLE * prompt.context_tokens:
            cut = True
            self._shrink(read)
            yield Notice(
                f"Ollama cut the context: {self.model} read {read:,} of about {prompt.context_tokens:,} tokens;"
                " /retry asks with fewer passages."
            )
        # A count of a part of the prompt must not pass for that of the whole.
        counted: Literal["server", "estimate"] = "estimate" if cut else "server"
        usage = Usage(
            prompt_tokens=read,
            completion_tokens=line.completion_tokens,
            source="none" if line.completion_tokens is None else counted,
            queue_s=line.load_s,
            prompt_s=line.prompt_s,
            completion_s=line.completion_s,
        )
        finish: Finish = "length" if line.reason == "length" else "stop"
        yield transcript.completion(self.provider, self.model, finish=finish, usage=usage, truncated=cut)

    def _shrink(self, read: int) -> None:
        """From now on prompts are fitted to what the server has: of one that is too long it keeps half of that."""
        self.context = min(self._num_ctx, max(_LEAST_CONTEXT, 2 * read))
        self.max_tokens = min(self.max_tokens, self.context // 2)

    def _stay_here(self, model: OllamaModel) -> None:
        """Raise `GenerationError` for a model elsewhere that was not known to be: nobody allowed that."""
        if model.is_cloud and not self._located:
            raise GenerationError(
                f"Ollama did not say in time that {model.name} runs on another machine.",
                "Ask again.",
                failure="timeout",
                cause="unlocated",
            )

    def _resolved(self, watch: Watch) -> OllamaModel:
        if self._found is None:
            models = self._client.models(watch=watch)
            self._found = chat_model(models, self._wanted, self._preferred and self._preferred.model)
        return self._found

    def _why(self, chosen: OllamaModel) -> str:
        if self._preferred and chosen.is_called(self._preferred.model):
            return f"the equivalent of {self._preferred.of}"
        return "the newest chat model here"

    def _think(self, model: OllamaModel, watch: Watch) -> bool | str | None:
        """Thinking models think unless told not to; gpt-oss cannot stop, only be brief."""
        if "thinking" not in (model.capabilities or self._client.capabilities(model.name, watch=watch)):
            return None
        return "low" if "gpt-oss" in model.name or "gptoss" in model.family else False


@contextmanager
def _watched(deadline: Deadline, hang_up: Callable[[], None]) -> Iterator[None]:
    """Hang up once `deadline` has passed: `requests` has one timeout, and that allows for a model to load."""
    read = Event()

    def watch() -> None:
        while not read.wait(max(0.0, deadline.remaining_s())):
            if deadline.passed:
                hang_up()
                return

    watcher = Thread(target=watch, name="deadline", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        read.set()
        watcher.join()  # or it could hang up under the next request


def chat_model(models: tuple[OllamaModel, ...], wanted: str | None, preferred: str | None = None) -> OllamaModel:
    """The model `wanted`, else the `preferred` one if it chats here, else the newest that does.

    Raises `GenerationError` when there is none.
    """
    return _named(models, wanted) if wanted else _chosen(models, preferred)


def _named(models: tuple[OllamaModel, ...], name: str) -> OllamaModel:
    for model in models:
        if model.is_called(name):
            return model
    raise GenerationError(
        f"Ollama has no model {name}.", f"Pull it with `ollama pull {name}`.", failure="model", http_status=None
    )


def _chosen(models: tuple[OllamaModel, ...], preferred: str | None) -> OllamaModel:
    able = [model for model in models if not model.is_cloud and _chats(model)]
    if able:
        return next((model for model in able if preferred and model.is_called(preferred)), able[0])
    raise GenerationError(
        "Ollama has no chat model.", "Pull one, for example with `ollama pull llama3.2`.", failure="model"
    )


def _chats(model: OllamaModel) -> bool:
    """Older servers do not say what a model can do; then its family and name have to."""
    if model.capabilities:
        return "completion" in model.capabilities
    name = model.name.lower()
    return not (
        any(family in model.family.lower() for family in _EMBEDDING_FAMILIES)
        or any(part in name for part in _EMBEDDING_NAMES)
    )
