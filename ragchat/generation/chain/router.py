"""The chain of providers: each in turn, until one shows a first word."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from ragchat.core.completion import Delta
from ragchat.errors import GenerationError
from ragchat.generation.chain.attempts import Attempts
from ragchat.generation.chain.remedy import FIRST_WORD_S
from ragchat.generation.chain.turn import Turn, said
from ragchat.generation.fronting import Fronting
from ragchat.resilience.faults import UNSENT

if TYPE_CHECKING:
    from collections import abc
    from collections.abc import Callable, Sequence

    from ragchat.core.completion import Completion, Piece, Prompt
    from ragchat.core.protocols import Generator
    from ragchat.generation.chain.records import Records


LAST_RESORT = "extractive"

_BELOW = "\n\n"


class Router(Fronting):
    """A generator made of generators, known by the first in line; the gate is asked for each by itself.

    Another provider takes over only before the first visible text; an answer that is cut later is kept, and what
    the passages themselves say comes below it. `unasked` are the providers nobody set up: that they are not there
    is no news. A refused consent, or key, is news once. `arm` names the part of an experiment whose questions
    these are. Each in the cloud has `first_word_s` to its first word; without `patience` none is asked twice.
    """

    def __init__(
        self,
        generators: Sequence[Generator],
        records: Records,
        *,
        unasked: frozenset[str] = frozenset(),
        arm: str | None = None,
        patience: bool = True,
        clock: Callable[[], float] = time.monotonic,
        first_word_s: float = FIRST_WORD_S,
    ) -> None:
        super().__init__(generators[0])
        self._generators = tuple(generators)
        self._attempts = Attempts(records, unasked, clock, patience=patience, first_word_s=first_word_s)
        self._unasked = unasked
        self._arm = arm
        self._refusals_told: set[str] = set()

    def stream(self, prompt: Prompt) -> abc.Generator[Piece, None, None]:
        """As `Generator.stream`; raises `GenerationError` when nobody answers.

        Ctrl-C, raised inside or thrown in, ends the stream with what was shown, as a completion that is
        `cut`; before the first visible text it is raised on, but for a wait: then the next provider is asked.
        """
        turn = Turn(prompt, self._arm)
        for generator in self._generators:
            try:
                yield from self._answer(generator, turn)
            except GenerationError as error:
                turn.failures.append((generator, error))
                if self._is_news(generator, error):
                    turn.untold.append((generator, error))
            else:
                return
        yield from turn.overheard()
        raise _nobody(turn.failures)

    def _answer(self, generator: Generator, turn: Turn) -> abc.Generator[Piece, None, None]:
        """What `generator` says, and where its connection was lost, what the passages say themselves."""
        completion = yield from self._attempts.stream(generator, turn)
        if completion.failure and self._last_resort not in (None, generator):
            completion = yield from self._made_up_for(completion, turn)
        yield completion

    def _made_up_for(self, cut: Completion, turn: Turn) -> abc.Generator[Piece, None, Completion]:
        assert self._last_resort is not None
        # Its marks must lead to the same passages.
        turn.prompt = turn.read or turn.prompt
        below = _BELOW
        with suppress(KeyboardInterrupt):  # what was shown is kept all the same
            yield Delta(_BELOW)
            added = yield from self._attempts.stream(self._last_resort, turn)
            below += added.text
        return replace(cut, text=cut.text + below)

    @property
    def _last_resort(self) -> Generator | None:
        """Who answers from the passages alone, at no cost and at once."""
        last = self._generators[-1]
        return last if last.provider == LAST_RESORT else None

    def _is_news(self, generator: Generator, error: GenerationError) -> bool:
        provider = generator.provider
        if error.cause == "off":
            return False
        if error.cause == "consent":
            told = provider in self._refusals_told
            self._refusals_told.add(provider)
            return not told
        absent = error.failure in ("config", "breaker") or error.cause in UNSENT
        return not (absent and provider in self._unasked)


def _nobody(failures: list[tuple[Generator, GenerationError]]) -> GenerationError:
    generator, error = failures[0]
    if len(failures) == 1:
        return GenerationError(
            f"{said(generator, error)}.",
            error.hint,
            failure=error.failure,
            http_status=error.http_status,
            cause=error.cause,
            code=error.code,
            retry_after_s=error.retry_after_s,
            request_id=error.request_id,
        )
    everything = "; ".join(said(*failure) for failure in failures)
    hint = next((error.hint for _, error in failures if error.hint), "")
    return GenerationError(f"No provider answered. {everything}.", hint, failure=error.failure)
