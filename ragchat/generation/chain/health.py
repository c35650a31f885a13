"""What is known of each provider's health: asked before a request, told after it, shared by all processes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import TYPE_CHECKING

from ragchat.core.choices import provider_name
from ragchat.errors import GenerationError
from ragchat.resilience.breaker import Breaker
from ragchat.resilience.limits import Limits, of_headers

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping

    from ragchat.core.protocols import Generator
    from ragchat.errors import Cause, FailureKind
    from ragchat.generation.chain.remedy import Remedy
    from ragchat.resilience.limits import Limit


class Health:
    """Breakers, cool-downs and the limits that servers named; every method may raise `StorageError`.

    `realms` tells for a provider what they belong to beside the model; only a hash of it is kept.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        realms: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._connection = connection
        self._names = {name: f"{name} {sha256(realm.encode()).hexdigest()[:16]}" for name, realm in realms.items()}
        self._now = now
        self._limits = Limits(connection, now)
        self._breakers: dict[str, Breaker] = {}
        self._heard: dict[tuple[str, str], tuple[Limit, ...]] = {}
        self._told: set[tuple[str, str, str]] = set()

    def heard(self, provider: str, model: str, headers: Mapping[str, str]) -> None:
        """Keep the limits that a reply's `headers` name; written after the answer, which they would delay."""
        if seen := of_headers(headers, self._now()):
            self._heard[self._name(provider), model] = seen

    def allowed_tokens(self, generator: Generator) -> int | None:
        """The most tokens of one request, answer included, as far as the server has said."""
        return self._limits.allowed_tokens(self._name(generator.provider), generator.model)

    def admit(self, generator: Generator, tokens: int, *, heeded: bool = False) -> None:
        """Raise `GenerationError` when a request of `tokens`, answer included, would only be refused now.

        With `heeded` the server's own wait is over, which knows better than our estimate. What is admitted is
        followed by `succeeded` or `failed` or `released`.
        """
        provider, model = self._name(generator.provider), generator.model
        if cooling := self._limits.cooling(provider, model):
            told = f"{cooling.reason} until {_clock(cooling.until)}."
            raise _refused(told, "cool_down", "limit", self._seconds_to(cooling.until))
        if not heeded and (limit := self._limits.blocking(provider, model, tokens)):
            left = f"{limit.remaining:,} of {limit.allowed:,} {limit.name}"
            free_at = limit.free_at(tokens, self._now())
            told = f"only {left} remain, too few until {_clock(free_at)}."
            raise _refused(told, "limit_seen", "limit", self._seconds_to(free_at))
        if opens := self._breaker(generator.provider).admit():
            raise _refused(f"it failed again and again, and rests until {_clock(opens)}.", "breaker", "breaker")

    def trouble(self, generator: Generator) -> str:
        """Why it would not be asked now, in a few words; empty when it would."""
        if cooling := self._limits.cooling(self._name(generator.provider), generator.model):
            return f"limited until {_clock(cooling.until)}"
        if opens := Breaker(self._connection, self._name(generator.provider), self._now).open_until():
            return f"rests until {_clock(opens)}"
        return ""

    def succeeded(self, generator: Generator) -> tuple[str, ...]:
        """It answered; what of its limits is nearly used up, each told once."""
        provider, model = generator.provider, generator.model
        self._breaker(provider).succeeded()
        self._write()
        warnings = []
        for limit in self._limits.near(self._name(provider), model):
            told = (provider, model, limit.name)
            if told not in self._told:
                self._told.add(told)
                warnings.append(
                    f"{provider_name(provider)}: {limit.remaining:,} of {limit.allowed:,} {limit.name} remain"
                    f"; all are back at {_clock(limit.resets_at)}."
                )
        return tuple(warnings)

    def failed(self, generator: Generator, remedy: Remedy) -> None:
        """It failed in the way that `remedy` is for."""
        breaker = self._breaker(generator.provider)
        if remedy.counts:
            breaker.failed()
        else:
            breaker.released()
        self._write()
        if remedy.rests_s is not None:
            until = self._now() + timedelta(seconds=remedy.rests_s)
            name = self._name(generator.provider)
            self._limits.cool_down(name, generator.model, until, "its limit is reached")

    def released(self, generator: Generator) -> None:
        """The attempt ended and said nothing of the provider."""
        self._breaker(generator.provider).released()
        self._write()

    def _breaker(self, provider: str) -> Breaker:
        """One for the life of this object: it knows its own probe again."""
        if provider not in self._breakers:
            self._breakers[provider] = Breaker(self._connection, self._name(provider), self._now)
        return self._breakers[provider]

    def _seconds_to(self, moment: datetime) -> float:
        return max(0.0, (moment - self._now()).total_seconds())

    def _name(self, provider: str) -> str:
        """`provider` with its hashed realm: another key has other limits, and another server other troubles."""
        return self._names.get(provider, provider)

    def _write(self) -> None:
        while self._heard:
            (provider, model), seen = self._heard.popitem()
            self._limits.note(provider, model, seen)


def _refused(said: str, cause: Cause, failure: FailureKind, wait_s: float | None = None) -> GenerationError:
    told, hint = said[0].upper() + said[1:], "Wait, or let another provider answer."
    return GenerationError(told, hint, failure=failure, cause=cause, retry_after_s=wait_s)


def _clock(moment: datetime) -> str:
    local = moment.astimezone()
    return f"{local:%H:%M:%S}" if local - datetime.now(local.tzinfo) < timedelta(minutes=2) else f"{local:%H:%M}"
