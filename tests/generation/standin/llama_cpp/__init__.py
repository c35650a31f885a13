"""Stands in for llama-cpp-python 0.3: the same names, and a model file that is a script in JSON.

`words` are what it says. Before a word stands, as a number, how many seconds `now` moves on; `"wait"` says so and
waits for ever, and `{"raise": TEXT}` fails. What it is called with goes to the file `journal` beside the model.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

now = 0.0


class Llama:
    """`llama_cpp.Llama`, as far as its documentation describes it."""

    def __init__(
        self, model_path: str, *, n_gpu_layers: int = 0, n_ctx: int = 512, verbose: bool = True, **_: object
    ) -> None:
        try:
            self._script = json.loads(Path(model_path).read_bytes())
        except ValueError:
            raise ValueError(f"Failed to load model from file: {model_path}") from None
        self._journal = Path(model_path).with_name("journal")
        self._n_ctx = n_ctx
        self._note(opened=[n_gpu_layers, n_ctx, verbose])

    def tokenize(self, text: bytes, add_bos: bool = True, special: bool = False) -> list[int]:
        """A token for each word."""
        return [1] * add_bos + [len(word) for word in text.split()]

    def create_chat_completion(
        self,
        messages: list[dict[str, str]],
        temperature: float = 0.2,
        stream: bool = False,
        max_tokens: int | None = None,
        **_: object,
    ) -> Iterator[dict[str, Any]]:
        """Chunks, the first of which holds the role only."""
        assert stream
        self._note(messages=messages, temperature=temperature, max_tokens=max_tokens)
        return self._chunks(sum(len(self.tokenize(message["content"].encode())) for message in messages))

    def close(self) -> None:
        """Free the model."""
        self._note(closed=True)

    def _chunks(self, read: int) -> Iterator[dict[str, Any]]:
        global now  # noqa: PLW0603 - the clock of the test
        if read >= self._n_ctx or self._script.get("too_long"):
            raise ValueError(f"Requested tokens ({read}) exceed context window of {self._n_ctx}")
        try:
            yield _chunk({"role": "assistant"})
            for word in self._script["words"]:
                if word == "wait":
                    print('{"waits": true}', flush=True)  # noqa: T201 - for whoever interrupts it
                    threading.Event().wait()
                elif isinstance(word, dict):
                    raise RuntimeError(word["raise"])
                elif isinstance(word, int):
                    now += word
                else:
                    yield _chunk({"content": word})
            yield _chunk({}, self._script.get("finish", "stop"))
        finally:
            self._note(left=True)

    def _note(self, **what: object) -> None:
        with self._journal.open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(what) + "\n")


def _chunk(delta: dict[str, str], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return {"id": "chatcmpl-x", "model": "x", "created": 1, "object": "chat.completion.chunk", "choices": [choice]}
