"""One provider is asked a question, and again where that helps, until it shows a first word.

There is one loop of retries in the program, and it is this one: the clients make each request once.
"""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import stamina
import stamina.instrumentation

from ragchat.core.choices import provider_name
from ragchat.core.completion import Notice
from ragchat.core.protocols import Versatile
from ragchat.errors import GenerationError, StorageError
from ragchat.generation.chain.entry import Entry
from ragchat.generation.chain.fitting import fitted
from ragchat.generation.chain.opening import Opened
from ragchat.generation.chain.relaying import Relay
from ragchat.generation.chain.remedy import MOST_ATTEMPTS, remedy
from ragchat.generation.providers.transcript import Transcript
from ragchat.usage.ledger import Attempt

if TYPE_CHECKING:
    from collections import abc
    from collections.abc import Callable, Iterator

    from ragchat.core.completion import Completion, Piece, Prompt
    from ragchat.core.protocols import Generator
    from ragchat.generation.chain.records import Records
    from ragchat.generation.chain.remedy import Remedy
    from ragchat.generation.chain.turn import Turn

# Shorter waits are not worth a word.
_TOLD_S = 1.0
# A slow provider is asked again only when little time has gone.
_SLOW_S = 15.0
# A prompt that was too large is made this much shorter, whatever the estimate had said.
_SHORTER = 0.5

# It would log each retry on standard error, in the middle of an answer.
stamina.instrumentation.set_on_retry_hooks(())


@dataclass(slots=True)
class _Asking:
    """One generator, one question: `again` is what the loop does next, seconds of waiting, its own or False."""

    generator: Generator
    turn: Turn
    relay: Relay
    prompt: Prompt
    began: float
    tries: int = 0
    waited_s: float = 0.0
    again: float | bool = False
    error: GenerationError | None = None

    @property
    def overcoming(self) -> GenerationError | None:
        """The failure after which it is asked again."""
        return None if self.again is False else self.error


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
    ) -> None:
        self._records = records
        self._unasked = unasked
        self._patience = patience
        self._clock = clock
        self._off: set[str] = set()

    def stream(self, generator: Generator, turn: Turn) -> abc.Generator[Piece, None, Completion]:
        """The deltas and notices of `generator`, and returned, the completion.

        Raises `GenerationError` when it gives no answer, before any delta.

        Ctrl-C while it waits for another try gives this provider up, not the question.
        """
        relay = Relay(self._records, turn, generator)
        asking = _Asking(generator, turn, relay, self._fitted(generator, turn.prompt), self._clock())
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
                yield from _patience(asking)
        except KeyboardInterrupt:
            if asking.overcoming is None:
                raise
            raise asking.overcoming from None
        return (yield from asking.relay.stream(opened, asking.prompt, asking.waited_s))

    # Before a request

    def _fitted(self, generator: Generator, prompt: Prompt) -> Prompt:
        """`prompt` as far as its provider takes it, as much as is known of that."""
        allowed = None
        with suppress(StorageError):
            allowed = self._records.health.allowed_tokens(generator)
        known = [size for size in (generator.context, allowed) if size is not None]
        if not known:
            return prompt
        return fitted(prompt, min(known) - generator.max_tokens, self._counter(generator))

    def _counter(self, generator: Generator) -> Callable[[str], int]:
        tokens, provider, model = self._records.calibration.tokens, generator.provider, generator.model
        return lambda text: tokens(provider, model, text)

    def _tokens(self, asking: _Asking) -> int:
        count = self._counter(asking.generator)
        return sum(count(message.text) for message in asking.prompt.messages)

    def _begun(self, asking: _Asking) -> Entry:
        """The row of this attempt; raises `GenerationError` when nothing may be sent, and the row says so."""
        generator, destination = asking.generator, None
        asking.turn.attempts += 1
        tokens = self._tokens(asking)
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

    def _entry(self, asking: _Asking, destination: str | None) -> Entry:
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

    def _admit(self, asking: _Asking, tokens: int) -> None:
        """Raise `GenerationError` when a request would be in vain."""
        generator = asking.generator
        if generator.provider in self._off:
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

    def _open(self, asking: _Asking) -> Opened:
        asking.tries += 1
        entry = self._begun(asking)
        transcript = Transcript(asking.prompt, self._clock)
        opened = Opened(asking.generator.stream(asking.prompt), transcript, entry)
        try:
            opened.read_first()
        except GenerationError as error:
            entry.failed(error, transcript, waited_s=asking.waited_s)
            self._plan(asking, error)
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

    # After a failure

    def _plan(self, asking: _Asking, error: GenerationError) -> None:
        """What `error` means for the provider, and whether it is asked again."""
        cure = remedy(error, asking.generator.provider)
        asking.error = error
        asking.again = self._again(asking, cure, error)
        if asking.again is True:
            cure = replace(cure, rests_s=None)  # or the next try would be refused by ourselves
        if cure.off:
            self._off.add(asking.generator.provider)
        with suppress(StorageError):
            self._records.health.failed(asking.generator, cure)

    def _another_model(self, asking: _Asking) -> bool:
        generator, gone = asking.generator, asking.generator.model
        other = generator.another_model() if isinstance(generator, Versatile) else None
        if other is not None:
            name = provider_name(generator.provider)
            asking.turn.overhear(
                [Notice(f"{name} has no model {gone} any more; {other} answers. Choose it for good.")]
            )
        return other is not None

    def _again(self, asking: _Asking, cure: Remedy, error: GenerationError) -> float | bool:
        too_slow = error.failure == "timeout" and self._clock() - asking.began > _SLOW_S
        if not self._patience or asking.tries > cure.retries or too_slow or not self._changed(asking, cure):
            return False
        if cure.wait_s is None:
            return True
        if asking.waited_s + cure.wait_s > self._records.patience_s:
            return False
        asking.waited_s += cure.wait_s
        return cure.wait_s

    def _changed(self, asking: _Asking, cure: Remedy) -> bool:
        """Make the next try another one where the same would fail again; whether there is anything to try."""
        if cure.elsewhere:
            return self._another_model(asking)
        return not cure.smaller or self._shortened(asking)

    def _shortened(self, asking: _Asking) -> bool:
        most = int(_SHORTER * self._tokens(asking))
        shorter = fitted(asking.prompt, most, self._counter(asking.generator))
        if shorter == asking.prompt:
            return False
        asking.prompt = shorter
        return True


def _patience(asking: _Asking) -> Iterator[Notice]:
    """Why it takes longer, where another try is worth it."""
    name = provider_name(asking.generator.provider)
    if asking.overcoming is None:
        return
    yield from asking.turn.overheard()
    if asking.overcoming.failure == "too_large":
        yield Notice(f"{name}: the question is too large; it is asked with fewer passages.")
    elif asking.again is not True and asking.again >= _TOLD_S:
        yield Notice(f"{name} asks to wait {asking.again:.3g} s; Ctrl-C lets another provider answer now.")
