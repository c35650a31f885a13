"""The health of providers where many questions run beside each other: they wait where a single one moves on."""

from __future__ import annotations

import time
from types import MappingProxyType
from typing import TYPE_CHECKING

from ragchat.errors import GenerationError
from ragchat.generation.chain.health import Health
from ragchat.generation.chain.router import LAST_RESORT

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from ragchat.core.protocols import Generator
    from ragchat.generation.chain.remedy import Remedy
    from ragchat.resilience.pacing import Paces

MOST_WAIT_S = 120.0
"""For so long a request waits for its turn: the limits of a minute come back twice in it."""


class PacedHealth(Health):
    """A `Health` for each thread, and `paces` that they share; the last resort asks no server and has none.

    Where a limit is reached, all wait until the server takes requests again, unless that is too far off. `stop` of
    the paces makes `admit` raise `KeyboardInterrupt`.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        paces: Paces,
        *,
        realms: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(connection, realms=realms)
        self._paces = paces
        self._admitted: dict[str, float] = {}

    def admit(self, generator: Generator, tokens: int, *, heeded: bool = False) -> None:
        """As `Health.admit`, after a wait for the turn."""
        if generator.provider == LAST_RESORT:
            super().admit(generator, tokens, heeded=heeded)
            return
        pace = self._paces.of(generator.provider)
        deadline = time.monotonic() + MOST_WAIT_S
        while True:
            admitted = pace.admit()
            try:
                super().admit(generator, tokens, heeded=heeded)
            except GenerationError as refusal:
                wait_s = refusal.retry_after_s
                if wait_s is None or time.monotonic() + wait_s > deadline:
                    pace.released()
                    raise
                pace.released(wait_s)
            except BaseException:
                pace.released()
                raise
            else:
                self._admitted[generator.provider] = admitted
                return

    def succeeded(self, generator: Generator) -> tuple[str, ...]:
        """As `Health.succeeded`; the next ones come faster."""
        if self._admitted.pop(generator.provider, None) is not None:
            self._paces.of(generator.provider).succeeded()
        return super().succeeded(generator)

    def failed(self, generator: Generator, remedy: Remedy) -> None:
        """As `Health.failed`; the next ones come slower, where it was too much for the server."""
        admitted = self._admitted.pop(generator.provider, None)
        if admitted is not None:
            pace = self._paces.of(generator.provider)
            if remedy.counts or remedy.rests_s is not None:
                pace.failed(admitted, _within_reach(remedy.rests_s or remedy.wait_s or 0.0))
            else:
                pace.released()
        super().failed(generator, remedy)

    def released(self, generator: Generator) -> None:
        """As `Health.released`."""
        if self._admitted.pop(generator.provider, None) is not None:
            self._paces.of(generator.provider).released()
        super().released(generator)


def _within_reach(wait_s: float) -> float:
    """The seconds that are waited for; where it takes longer, the chain moves on."""
    return wait_s if wait_s <= MOST_WAIT_S else 0.0
