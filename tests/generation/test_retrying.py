"""When a provider is asked again, with what, and when no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ragchat.core.completion import Completion, Delta
from ragchat.core.usage import Usage
from ragchat.errors import GenerationError
from tests.generation.chains import Scripted, extractive, outcomes, router, rows
from tests.generation.prompts import PROMPT, read

if TYPE_CHECKING:
    import sqlite3
    from collections import abc

    from ragchat.core.completion import Piece, Prompt

ARGUMENT = GenerationError("It takes no temperature.", failure="other", cause="argument", http_status=400)
BUSY = GenerationError("The server failed.", failure="server", http_status=503, retry_after_s=0.0)
ANSWER = (Delta("An hour [1]."), Completion("An hour [1].", "openai", "m", Usage(), "stop"))


class Changing(Scripted):
    """Does another thing each time, and the last for ever; `asked` are the prompts."""

    def __init__(self, *scripts: tuple[Piece | BaseException, ...], destination: str | None = None) -> None:
        super().__init__("openai", destination=destination)
        self._scripts = list(scripts)
        self.asked: list[Prompt] = []

    def stream(self, prompt: Prompt) -> abc.Generator[Piece, None, None]:
        self.asked.append(prompt)
        self._script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
        return super().stream(prompt)


@pytest.mark.parametrize("refused", range(4))
def test_each_argument_that_is_refused_is_left_out_at_once_and_has_its_row(
    state: sqlite3.Connection, refused: int
) -> None:
    generator = Changing(*[(ARGUMENT,)] * refused, ANSWER)
    assert read(router(state, generator, extractive()).stream(PROMPT))[2].provider == "openai"
    assert [row["error_code"] for row in rows(state)] == ["argument"] * refused + [None]
    assert [row["attempt"] for row in rows(state)] == list(range(1, refused + 2))


def test_a_refused_argument_takes_nothing_from_what_another_failure_is_allowed(state: sqlite3.Connection) -> None:
    generator = Changing((ARGUMENT,), (BUSY,), (ARGUMENT,), ANSWER)
    assert read(router(state, generator, extractive()).stream(PROMPT))[2].provider == "openai"


def test_a_server_that_refuses_without_end_is_left(state: sqlite3.Connection) -> None:
    generator = Changing((ARGUMENT,))
    assert read(router(state, generator, extractive()).stream(PROMPT))[2].provider == "extractive"
    assert outcomes(state) == [("openai", "error", "other")] * 4 + [("extractive", "ok", None)]
    assert not state.execute("SELECT * FROM breakers").fetchall()
