"""What a failure means for a provider, and whether it is asked again."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from ragchat.core.choices import provider_name
from ragchat.core.completion import Notice
from ragchat.core.protocols import Roomy, Versatile
from ragchat.errors import StorageError
from ragchat.generation.chain.fitting import fitted
from ragchat.generation.chain.remedy import LEAST_S, remedy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ragchat.errors import GenerationError
    from ragchat.generation.chain.asking import Asking
    from ragchat.generation.chain.records import Records
    from ragchat.generation.chain.remedy import Remedy

# Shorter waits are not worth a word.
_TOLD_S = 1.0
# A prompt that was too large is made this much shorter, whatever the estimate had said.
_SHORTER = 0.5


class Retrying:
    """`off` are those for which nothing helps in this session. Without `patience` nobody is asked twice."""

    def __init__(self, records: Records, clock: Callable[[], float], *, patience: bool = True) -> None:
        self._records = records
        self._clock = clock
        self._patience = patience
        self.off: set[str] = set()

    def plan(self, asking: Asking, error: GenerationError) -> None:
        """Keep what `error` says of the provider, and decide whether it is asked again."""
        cure = remedy(error, asking.generator.provider)
        asking.error = error
        asking.conceded += cure.conceded
        asking.again = self._again(asking, cure)
        if asking.again is True:
            cure = replace(cure, rests_s=None)  # or the next try would be refused by ourselves
        if cure.off:
            self.off.add(asking.generator.provider)
        with suppress(StorageError):
            self._records.health.failed(asking.generator, cure)

    def _again(self, asking: Asking, cure: Remedy) -> float | bool:
        tried = asking.conceded if cure.conceded else asking.tries - asking.conceded
        if not self._patience or tried > cure.retries:
            return False
        if self._too_late(asking, cure) or not self._changed(asking, cure):
            return False
        if cure.wait_s is None:
            return True
        if asking.waited_s + cure.wait_s > self._records.patience_s:
            return False
        asking.waited_s += cure.wait_s
        return cure.wait_s

    def _too_late(self, asking: Asking, cure: Remedy) -> bool:
        """Whether no first word can be expected in time; a model on this machine had its whole patience."""
        if asking.first_by is None:
            return cure.slow
        return asking.first_by - self._clock() - (cure.wait_s or 0.0) < LEAST_S

    def _changed(self, asking: Asking, cure: Remedy) -> bool:
        """Make the next try another one where the same would fail again; whether there is anything to try."""
        if cure.elsewhere:
            return _another_model(asking)
        if cure.roomier:
            return self._roomier(asking)
        return not cure.smaller or self._shortened(asking)

    def _roomier(self, asking: Asking) -> bool:
        generator = asking.generator
        tokens = self._records.tokens(generator, asking.prompt)
        return (
            isinstance(generator, Roomy)
            and self._records.allows(generator, tokens, 2 * generator.max_tokens)
            and generator.roomier()
        )

    def _shortened(self, asking: Asking) -> bool:
        most = int(_SHORTER * self._records.tokens(asking.generator, asking.prompt))
        shorter = fitted(asking.prompt, most, self._records.counter(asking.generator))
        if shorter == asking.prompt:
            return False
        asking.prompt = shorter
        return True


def _another_model(asking: Asking) -> bool:
    generator, gone = asking.generator, asking.generator.model
    other = generator.another_model() if isinstance(generator, Versatile) else None
    if other is not None:
        name = provider_name(generator.provider)
        asking.turn.overhear(
            [Notice(f"{name} has no model {gone} any more; {other} answers. Choose it for good.")]
        )
    return other is not None


def patience(asking: Asking, *, alone: bool) -> Iterator[Notice]:
    """Why it takes longer, where another try is worth it; of a question `alone` also how to wait no longer."""
    name = provider_name(asking.generator.provider)
    if asking.overcoming is None:
        return
    yield from asking.turn.overheard()
    if asking.overcoming.failure == "too_large":
        yield Notice(f"{name}: the question is too large; it is asked with fewer passages.")
    elif asking.overcoming.cause == "used_up":
        yield Notice(f"{name} used up its tokens before it wrote a word; it is given more.")
    elif asking.again is not True and asking.again >= _TOLD_S:
        way_out = "; Ctrl-C lets another provider answer now" if alone else ""
        yield Notice(f"{name} asks to wait {asking.again:.3g} s{way_out}.")
