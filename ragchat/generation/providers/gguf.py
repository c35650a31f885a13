"""Answers from a model in a .gguf file, run by llama.cpp inside this process."""

from __future__ import annotations

import re
import time
from contextlib import closing
from typing import TYPE_CHECKING, Protocol

from ragchat.core.usage import Usage
from ragchat.errors import GenerationError
from ragchat.generation.providers.chunk import fields, string
from ragchat.generation.providers.deadlines import Deadline
from ragchat.generation.providers.transcript import Transcript, kept

if TYPE_CHECKING:
    from collections import abc
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from ragchat.core.completion import Piece, Prompt
    from ragchat.errors import Cause
    from ragchat.generation.providers.deadlines import Deadlines

_TOO_LONG = re.compile(r"Requested tokens \((\d+)\) exceed context window of (\d+)")
# What llama-cpp-python 0.3 raises for a file it cannot read, a template it cannot fill, and a model that fails.
_RAISED = (ValueError, RuntimeError, OSError, MemoryError, AssertionError)


class Llama(Protocol):
    """As much of `llama_cpp.Llama`, of llama-cpp-python 0.3, as is used here."""

    def create_chat_completion(
        self, messages: Sequence[Mapping[str, str]], *, temperature: float, max_tokens: int, stream: bool
    ) -> abc.Generator[Mapping[str, object], None, None]:
        """Chunks of the OpenAI wire; `ValueError` when the prompt is longer than the context."""

    def tokenize(self, text: bytes, add_bos: bool, special: bool) -> Sequence[int]:
        """The tokens of `text`."""

    def close(self) -> None:
        """Free the model."""


class GGUFGenerator:
    """Streams chat completions of one model, opened by the first question and kept open. One question at a time.

    `gpu_layers` of it go to the GPU, -1 being all. Half of `n_ctx` at the most is for the answer, the rest for the
    prompt. Deadlines hold between tokens: while llama.cpp opens a file or reads a prompt, it cannot be stopped.
    """

    provider = "gguf"
    destination = None

    def __init__(
        self,
        file: Path,
        *,
        gpu_layers: int,
        n_ctx: int,
        temperature: float,
        max_tokens: int,
        deadlines: Deadlines,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file = file
        self._gpu_layers = gpu_layers
        self._temperature = temperature
        self._deadlines = deadlines
        self._clock = clock
        self._llama: Llama | None = None
        self.model = file.name
        self.context = n_ctx
        self.max_tokens = min(max_tokens, n_ctx // 2)

    def stream(self, prompt: Prompt) -> abc.Generator[Piece, None, None]:
        """As `Generator.stream`; the failure is `config` when the library or the file is missing."""
        transcript = Transcript(prompt, self._clock)
        yield from kept(self._pieces(prompt, transcript), transcript, self)

    def roomier(self) -> bool:
        """As `Roomy.roomier`; no more than half of the context."""
        before, self.max_tokens = self.max_tokens, min(2 * self.max_tokens, self.context // 2)
        return self.max_tokens > before

    def close(self) -> None:
        """Free the model."""
        if self._llama is not None:
            self._llama.close()
            self._llama = None

    def _pieces(self, prompt: Prompt, transcript: Transcript) -> abc.Generator[Piece, None, None]:
        deadline = Deadline(
            self._deadlines.within(prompt.first_s), self._clock, hint="Try a smaller model, or ask again."
        )
        if self._llama is None:
            self._llama = self._opened()
        deadline.check()
        finish: str | None = None
        try:
            chunks = self._llama.create_chat_completion(
                [message.as_json for message in prompt.messages],
                temperature=self._temperature,
                max_tokens=self.max_tokens,
                stream=True,
            )
            with closing(chunks):
                for chunk in chunks:
                    text, reason = _said(chunk)
                    finish = reason or finish
                    if reason is None:
                        deadline.check()
                    if text:
                        with deadline.handing_on(text):
                            yield transcript.add(text)
            usage = self._usage(prompt, transcript.text)
        except _RAISED as error:
            raise _failure(error) from error
        yield transcript.completion(
            self.provider, self.model, finish="length" if finish == "length" else "stop", usage=usage
        )

    def _opened(self) -> Llama:
        if not self._file.is_file():
            raise _config(f"{self._file} is no file.", "Set RAGCHAT_GGUF_MODEL to a .gguf file.", "no_file")
        try:
            import llama_cpp  # noqa: PLC0415 - an extra, and 200 ms
        except ModuleNotFoundError as error:
            hint = "Install it: pip install 'ragchat[gguf]'"
            raise _config("A .gguf file needs llama-cpp-python.", hint, "not_installed") from error
        except _RAISED as error:
            hint = "Install it again: pip install --force-reinstall 'ragchat[gguf]'"
            raise _config("llama-cpp-python cannot be loaded.", hint, "not_loadable") from error
        try:
            llama: Llama = llama_cpp.Llama(
                model_path=str(self._file), n_gpu_layers=self._gpu_layers, n_ctx=self.context, verbose=False
            )
        except _RAISED as error:
            hint = "Is the file whole? Lower RAGCHAT_GGUF_CONTEXT or RAGCHAT_GGUF_GPU_LAYERS if memory is short."
            raise _config(f"{self._file.name} cannot be opened.", hint, "not_a_model") from error
        return llama

    def _usage(self, prompt: Prompt, answer: str) -> Usage:
        """Tokens as the model's own tokenizer counts the texts, without what the chat template adds."""
        read = sum(self._count(message.text) for message in prompt.messages)
        return Usage(prompt_tokens=read, completion_tokens=self._count(answer), source="server")

    def _count(self, text: str) -> int:
        if self._llama is None or not text:
            return 0
        return len(self._llama.tokenize(text.encode("utf-8", "replace"), False, False))


def _said(chunk: Mapping[str, object]) -> tuple[str, str | None]:
    """The visible text of a chunk, and why the answer ends."""
    choices = chunk.get("choices")
    choice = fields(choices[0]) if isinstance(choices, list) and choices else {}
    return string(fields(choice.get("delta")).get("content")) or "", string(choice.get("finish_reason"))


def _failure(error: BaseException) -> GenerationError:
    sizes = _TOO_LONG.search(str(error))
    if sizes is not None:
        return GenerationError(
            f"The prompt is longer than the model's context ({sizes[1]} tokens, {sizes[2]} allowed).",
            "Raise RAGCHAT_GGUF_CONTEXT, or ask with fewer passages.",
            failure="too_large",
            cause="context_length_exceeded",
        )
    return GenerationError(
        f"The model failed ({type(error).__name__}).",
        "`ragchat --debug` shows the details; try another model.",
        failure="server",
        cause="model_failed",
    )


def _config(said: str, hint: str, cause: Cause) -> GenerationError:
    return GenerationError(said, hint, failure="config", cause=cause)
