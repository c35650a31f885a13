"""The chain of providers: each in turn, until one shows a first word."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

from ragchat.core.completion import Completion, Delta, Notice
from ragchat.errors import GenerationError
from ragchat.generation.entry import Entry
from ragchat.generation.transcript import Transcript
from ragchat.resilience.faults import UNSENT
from ragchat.usage.ledger import Attempt
from ragchat.usage.prices import price as listed_price

if TYPE_CHECKING:
    from collections import abc
    from collections.abc import Callable, Iterator, Sequence
    from decimal import Decimal

    from ragchat.core.completion import Piece, Prompt
    from ragchat.core.protocols import Generator
    from ragchat.core.usage import Usage
    from ragchat.privacy.consent import Permission
    from ragchat.usage.ledger import Ledger, Outcome

CONSENT = "consent"


class Gate(Protocol):
    """Decides what may leave this machine."""

    def permits(self, provider: str, destination: str | None) -> Permission:
        """Whether a prompt may be sent to `destination`; None is this machine."""


@dataclass(slots=True)
class _Turn:
    """One question on its way down the chain; `untold` are failures the person has not heard of."""

    prompt: Prompt
    id: str = field(default_factory=lambda: uuid4().hex)
    failures: list[tuple[Generator, GenerationError]] = field(default_factory=list)
    untold: list[tuple[Generator, GenerationError]] = field(default_factory=list)


class Router:
    """A generator made of generators. Each attempt, a skipped one included, has its row in the ledger.

    Another provider takes over only before the first visible text. `unasked` are the providers nobody
    set up: that they are not there is no news. A refused consent is news once.
    """

    def __init__(
        self,
        generators: Sequence[Generator],
        gate: Gate,
        ledger: Ledger,
        *,
        unasked: frozenset[str] = frozenset(),
        price: Callable[[str, str, Usage, str | None], Decimal | None] = listed_price,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._generators = tuple(generators)
        self._gate = gate
        self._ledger = ledger
        self._unasked = unasked
        self._price = price
        self._clock = clock
        self._refusals_told: set[str] = set()

    @property
    def provider(self) -> str:
        """The first in line."""
        return self._generators[0].provider

    @property
    def model(self) -> str:
        """The model of the first in line."""
        return self._generators[0].model

    @property
    def destination(self) -> str | None:
        """The destination of the first in line; the gate is asked for each by itself."""
        return self._generators[0].destination

    def stream(self, prompt: Prompt) -> abc.Generator[Piece, None, None]:
        """As `Generator.stream`; raises `GenerationError` when nobody answers.

        Ctrl-C, raised inside or thrown in, ends the stream with what was shown, as a completion that is
        `cut`; before the first visible text it is raised on.
        """
        turn = _Turn(prompt)
        for number, generator in enumerate(self._generators, start=1):
            try:
                yield from self._attempt(generator, number, turn)
            except GenerationError as error:
                turn.failures.append((generator, error))
                if self._is_news(generator, error):
                    turn.untold.append((generator, error))
            else:
                return
        raise _nobody(turn.failures)

    def _attempt(self, generator: Generator, number: int, turn: _Turn) -> Iterator[Piece]:
        destination = generator.destination
        permission = self._gate.permits(generator.provider, destination)
        before = turn.failures[-1][0].provider if turn.failures else None
        attempt = Attempt(turn.id, number, generator.provider, generator.model, destination, before)
        entry = Entry(self._ledger, attempt, self._price)
        transcript = Transcript(turn.prompt, self._clock)
        pieces = generator.stream(turn.prompt)
        try:
            if not permission.allowed:
                raise GenerationError(permission.reason, failure="config", code=CONSENT)
            # Closed before anything else is done: the provider should stop writing what nobody reads.
            with closing(pieces):
                yield from self._relayed(pieces, generator, transcript, entry, turn)
        except GenerationError as error:
            entry.failed(error, transcript)
            raise
        except (KeyboardInterrupt, GeneratorExit) as stop:
            if entry.ended:
                raise
            cut = transcript.completion(generator.provider, generator.model, finish="cut")
            cut = entry.completed(cut, "cancelled")
            if isinstance(stop, GeneratorExit) or not cut.text.strip():
                raise
            yield cut
        except BaseException as error:
            # A fault of ours; the row ends all the same.
            entry.failed(GenerationError(str(error), failure="other"), transcript)
            raise

    def _relayed(
        self,
        pieces: Iterator[Piece],
        generator: Generator,
        transcript: Transcript,
        entry: Entry,
        turn: _Turn,
    ) -> Iterator[Piece]:
        held: list[Piece] = []
        for piece in pieces:
            if isinstance(piece, Completion):
                yield from self._ended(piece, generator, entry, turn)
                return
            if isinstance(piece, Delta):
                transcript.add(piece.text)
                held.append(piece)
                if not transcript.text.strip():
                    continue  # white space is nothing a person has seen: another may still take over
                yield from _news(turn, generator)
                yield from held
                held.clear()
            else:
                yield piece

    def _ended(self, completion: Completion, generator: Generator, entry: Entry, turn: _Turn) -> Iterator[Piece]:
        if not completion.text.strip():
            entry.completed(replace(completion, failure="garbage"), "error")
            raise _empty(completion)
        completion = entry.completed(completion, _outcome(completion))
        yield from _news(turn, generator)
        if entry.problem is not None:
            yield Notice(entry.problem.message)
        yield completion

    def _is_news(self, generator: Generator, error: GenerationError) -> bool:
        provider = generator.provider
        if error.code == CONSENT:
            told = provider in self._refusals_told
            self._refusals_told.add(provider)
            return not told
        absent = error.failure == "config" or error.code in UNSENT
        return not (absent and provider in self._unasked)


def _news(turn: _Turn, answering: Generator) -> Iterator[Notice]:
    while turn.untold:
        generator, error = turn.untold.pop(0)
        yield Notice(f"{_said(generator, error)}; {answering.provider} answers instead.")


def _said(generator: Generator, error: GenerationError) -> str:
    """What happened, under the provider's name; a message that holds the name stands alone."""
    message = error.message.rstrip(".")
    if generator.provider in message.lower():
        return message
    return f"{generator.provider.capitalize()}: {message[:1].lower()}{message[1:]}"


def _empty(completion: Completion) -> GenerationError:
    if completion.finish == "length":
        return GenerationError(
            "The model used up its tokens before it wrote a word.",
            "Raise GROQ_MAX_TOKENS.",
            failure="garbage",
            code="no_text",
        )
    return GenerationError("The model wrote nothing.", "Ask again.", failure="garbage", code="no_text")


def _nobody(failures: list[tuple[Generator, GenerationError]]) -> GenerationError:
    generator, error = failures[0]
    if len(failures) == 1:
        return GenerationError(
            f"{_said(generator, error)}.",
            error.hint,
            failure=error.failure,
            http_status=error.http_status,
            code=error.code,
            retry_after_s=error.retry_after_s,
            request_id=error.request_id,
        )
    said = "; ".join(_said(*failure) for failure in failures)
    hint = next((error.hint for _, error in failures if error.hint), "")
    return GenerationError(f"No provider answered. {said}.", hint, failure=error.failure)


def _outcome(completion: Completion) -> Outcome:
    if completion.finish != "cut":
        return "ok"
    return "partial" if completion.failure else "cancelled"
