"""One provider is asked a question, and again where that helps, until it shows a first word.

There is one loop of retries in the program, and it is this one: the clients make each request once.
"""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import stamina
import stamina.instrumentation

from ragchat.errors import GenerationError, StorageError
from ragchat.generation.chain.asking import Asking
from ragchat.generation.chain.entry import Entry
from ragchat.generation.chain.fitting import fitted
from ragchat.generation.chain.opening import Opened
from ragchat.generation.chain.relaying import Relay
from ragchat.generation.chain.remedy import FIRST_WORD_S, LEAST_S, MOST_ATTEMPTS
from ragchat.generation.chain.retrying import Retrying, patience
from ragchat.generation.providers.transcript import Transcript
from ragchat.usage.ledger import Attempt

if TYPE_CHECKING:
    from collections import abc
    from collections.abc import Callable, Iterator

    from ragchat.core.completion import Completion, Piece, Prompt
    from ragchat.core.protocols import Generator
    from ragchat.generation.chain.records import Records
    from ragchat.generation.chain.turn import Turn

# It would log each retry on standard error, in the middle of an answer.
stamina.instrumentation.set_on_retry_hooks(())


class Attempts:
    """Asks providers on behalf of one conversation; each attempt, a refused one included, has its ledger row.

    Without `patience` each is asked once.
    """

    def __init__(
        self,
        records: Records,
        unasked: frozenset[str] = frozenset(),
        clock: Callable[[], float] = time.monotonic,
        *,
        patience: bool = True,
        first_word_s: float = FIRST_WORD_S,
    ) -> None:
        self._records = records
        self._unasked = unasked
        self._clock = clock
        self._first_word_s = first_word_s
        self._retrying = Retrying(records, clock, patience=patience)

    def stream(self, generator: Generator, turn: Turn) -> abc.Generator[Piece, None, Completion]:
        """The deltas and notices of `generator`, and returned, the completion.

        Raises `GenerationError` when it gives no answer, before any delta.

        Ctrl-C while it waits for another try gives this provider up, not the question.
        """
        relay = Relay(self._records, turn, generator)
        asking = Asking(generator, turn, relay, self._fitted(generator, turn.prompt))
        try:
            for attempt in stamina.retry_context(
                on=lambda _error: asking.again,
                attempts=MOST_ATTEMPTS,
                timeout=None,
                wait_initial=0.4,
                wait_max=2.0,
                wait_jitter=0.4,
            ):
                asking.again = False
                with attempt:
                    opened = self._open(asking)
                yield from patience(asking, alone=self._records.alone)
        except KeyboardInterrupt:
            if asking.overcoming is None:
                raise
            raise asking.overcoming from None
        return (yield from asking.relay.stream(opened, asking.prompt, asking.waited_s))

    # Before a request

    def _fitted(self, generator: Generator, prompt: Prompt) -> Prompt:
        """`prompt` as far as its provider takes it, as much as is known of that."""
        room = self._records.room(generator)
        if room is None:
            return prompt
        return fitted(prompt, room - generator.max_tokens, self._records.counter(generator))

    def _begun(self, asking: Asking) -> Entry:
        """The row of this attempt; raises `GenerationError` when nothing may be sent, and the row says so."""
        generator, destination = asking.generator, None
        asking.turn.attempts += 1
        tokens = self._records.tokens(generator, asking.prompt)
        try:
            self._admit(asking, tokens)
            with self._giving_back(generator):
                destination = generator.destination
                self._permit(generator, destination)
                entry = self._entry(asking, destination)
                entry.begin(self._records.worst(generator, tokens, destination))
        except GenerationError as refusal:
            self._entry(asking, destination).refused(refusal)
            raise
        return entry

    def _entry(self, asking: Asking, destination: str | None) -> Entry:
        generator, turn = asking.generator, asking.turn
        attempt = Attempt(
            turn.id,
            turn.attempts,
            generator.provider,
            generator.model,
            destination,
            turn.before(generator),
            arm=turn.arm,
        )
        return Entry(self._records, attempt, is_news=generator.provider not in self._unasked)

    def _admit(self, asking: Asking, tokens: int) -> None:
        """Raise `GenerationError` when a request would be in vain."""
        generator = asking.generator
        if generator.provider in self._retrying.off:
            raise GenerationError("It was refused before.", failure="config", cause="off")
        with suppress(StorageError):
            self._records.health.admit(generator, tokens + generator.max_tokens, heeded=asking.waited_s > 0)

    @contextmanager
    def _giving_back(self, generator: Generator) -> Iterator[None]:
        """Where a request is not made after all, another may be the breaker's probe."""
        try:
            yield
        except BaseException:
            with suppress(StorageError):
                self._records.health.released(generator)
            raise

    def _permit(self, generator: Generator, destination: str | None) -> None:
        """Raise `GenerationError` when the passages may not be sent; a person may be asked."""
        try:
            permission = self._records.gate.permits(generator.provider, destination)
        except StorageError as error:
            raise GenerationError(error.message, error.hint, failure="config", cause="consent") from error
        if not permission.allowed:
            raise GenerationError(permission.reason, failure="config", cause="consent")

    # The request

    def _in_time(self, asking: Asking) -> Prompt:
        """The prompt, with what is left of the time to a first word."""
        if asking.first_by is None:
            return asking.prompt
        return replace(asking.prompt, first_s=max(LEAST_S, asking.first_by - self._clock()))

    def _open(self, asking: Asking) -> Opened:
        asking.tries += 1
        entry = self._begun(asking)
        if asking.tries == 1 and entry.destination is not None:  # a person may have been asked till now
            asking.first_by = self._clock() + self._first_word_s
        transcript = Transcript(asking.prompt, self._clock)
        opened = Opened(asking.generator.stream(self._in_time(asking)), transcript, entry)
        try:
            opened.read_first()
        except GenerationError as error:
            entry.failed(error, transcript, waited_s=asking.waited_s)
            self._retrying.plan(asking, error)
            raise
        except (KeyboardInterrupt, GeneratorExit):
            asking.relay.cut(opened)
            raise
        except BaseException as error:
            asking.relay.broken(opened, error)
            raise
        finally:
            asking.turn.overhear(opened.held)
        return opened
