"""Who answers the questions of a session, in which order, and what is kept of it."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING

from ragchat.assembly.generators import chosen_model, generator, quoted, signature, unasked, varied
from ragchat.core.experiments import Arm, arms, drawn, rollout
from ragchat.core.pricing import prices_of
from ragchat.errors import GenerationError, OllamaError, StorageError
from ragchat.generation.chain import paced
from ragchat.generation.chain.health import Health
from ragchat.generation.chain.links import links
from ragchat.generation.chain.ordering import USUAL_ANSWER, USUAL_PROMPT, ordered
from ragchat.generation.chain.records import Records
from ragchat.generation.chain.remedy import MOST_WAIT_S
from ragchat.generation.chain.router import LAST_RESORT, Router
from ragchat.generation.memory.answers import AnswerCache
from ragchat.generation.memory.remembered import Remembering
from ragchat.generation.providers.groq_models import CURRENT
from ragchat.generation.providers.unconfigured import Unconfigured
from ragchat.usage.budgets import Budget, Budgets
from ragchat.usage.calibration import Calibration
from ragchat.usage.ledger import Ledger
from ragchat.usage.prices import Prices
from ragchat.usage.quotes import Quotes
from ragchat.usage.speeds import typical_seconds

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from contextlib import ExitStack
    from decimal import Decimal

    from ragchat.core.protocols import Generator
    from ragchat.generation.chain.links import Link
    from ragchat.ollama.client import OllamaClient
    from ragchat.privacy.consent import Consent
    from ragchat.resilience.pacing import Paces
    from ragchat.settings.load import Loaded
    from ragchat.settings.model import Settings
    from ragchat.settings.model_names import ModelNames
    from ragchat.usage.budgets import Remaining

# A task beside an answer may fail: the answer's own wait comes behind this one.
_ASIDE_S = 10.0


class Answerers:
    """The providers, made when they are first needed; what they open is closed with `opened`.

    With `paces` theirs is one of many sessions at a time, whose requests wait for their turn.
    """

    def __init__(
        self,
        loaded: Loaded,
        state: sqlite3.Connection,
        ollama: OllamaClient,
        consent: Callable[[str], Consent],
        opened: ExitStack,
        paces: Paces | None = None,
    ) -> None:
        self._loaded = loaded
        self._settings = loaded.settings
        self._state = state
        self._ollama = ollama
        self._consent = consent
        self._opened = opened
        self._paces = paces
        self._made: dict[tuple[str, Arm | None], Generator] = {}

    def session(self, collection: str, provider: str | None, *, remembers: bool = True) -> Generator:
        """Those who may answer in a session, as one; by `provider` alone when one is named.

        If it `remembers`, what they answered before is shown again, unless that is switched off.
        """
        return self._front(collection, provider, self._arm(provider), remembers=remembers)

    def drawing(self, collection: str, provider: str | None) -> Callable[[], Generator]:
        """As `session` for each of many questions: each draws an arm; those of the same share what they learn."""
        made: dict[Arm | None, Generator] = {}

        def draw() -> Generator:
            arm = self._arm(provider)
            if arm not in made:
                made[arm] = self._front(collection, provider, arm, remembers=True)
            return made[arm]

        return draw

    def _front(self, collection: str, provider: str | None, arm: Arm | None, *, remembers: bool) -> Generator:
        settings = varied(self._settings, arm) if arm else self._settings
        tried = self._ordered(self._tried(provider, arm))
        records = self._records(collection)
        name = arm.name if arm else None
        router = Router(
            tried,
            records,
            unasked=unasked(self._loaded, provider),
            arm=name,
            first_word_s=settings.chain.first_word_timeout_s,
        )
        if not (remembers and settings.answer.cache):
            return router
        cache = AnswerCache(self._state, collection)
        first = next(one for one in tried if not isinstance(one, Unconfigured))
        decided = signature(tried, settings)
        return Remembering(
            router, cache, records.ledger, decided, kept_of=first.provider, writer=partial(chosen_model, first)
        )

    def models(self, collection: str, provider: str | None) -> Generator | None:
        """Those of them that are models, as one, for short tasks beside an answer; None when there is none."""
        tried = self._ordered(self._tried(provider, None))
        able = [one for one in tried if one.provider != LAST_RESORT and not isinstance(one, Unconfigured)]
        if not able:
            return None
        return Router(
            able,
            self._records(collection),
            unasked=unasked(self._loaded, provider),
            patience=False,
            first_word_s=min(_ASIDE_S, self._settings.chain.first_word_timeout_s),
        )

    def chain(self, provider: str | None) -> tuple[Link, ...]:
        """The providers in their order, as they stand now."""
        tried, local_only = self._ordered(self._tried(provider, None)), self._settings.privacy.cloud == "never"
        return links(tried, self._health, local_only=local_only)

    def known_models(self, provider: str | None) -> tuple[str, ...]:
        """The models that an Ollama on this machine has, and those of Groq that are data here."""
        asked = [one.provider for one in self._tried(provider, None) if not isinstance(one, Unconfigured)]
        found: list[str] = []
        if "groq" in asked:
            found += CURRENT
        if "ollama" in asked and self._ollama.destination is None and self._ollama.listens():
            with suppress(OllamaError):
                found += [model.name for model in self._ollama.models()]
        return tuple(found)

    def budgets_left(self) -> tuple[Remaining, ...]:
        """What remains of each budget; raises `StorageError`."""
        return Budgets(self._state, self._budget).remaining()

    def settle_consent(self, collection: str, provider: str | None) -> None:
        """Ask now for the consent that a session may need; raises `StorageError`."""
        for one in self._tried(provider, None):
            with suppress(GenerationError):  # it will say so itself when it is asked
                self._consent(collection).permits(one.provider, one.destination)

    def forget(self, collection: str) -> None:
        """Forget what was answered from a collection; raises `StorageError`."""
        AnswerCache(self._state, collection).forget()

    def _arm(self, provider: str | None) -> Arm | None:
        if provider:
            return None
        wanted = self._settings.chain
        planned = rollout(wanted.rollout) if wanted.rollout else None
        return drawn(planned, arms(wanted.experiment) if wanted.experiment else ())

    def _tried(self, provider: str | None, arm: Arm | None) -> list[Generator]:
        # The last can always answer; so a question never ends without one.
        *listed, last = self._settings.chain.providers
        names = listed if provider is None else [provider]
        if arm and arm.provider:
            names = [arm.provider, *listed]
        return [self._generator(name, arm) for name in dict.fromkeys((*names, last))]

    def _ordered(self, tried: list[Generator]) -> list[Generator]:
        order = self._settings.chain.order
        return tried if order == "listed" else ordered(tried, order, price=self._price, speed=self._seconds)

    def _price(self, one: Generator) -> Decimal | None:
        with suppress(StorageError):
            usual = (USUAL_PROMPT, USUAL_ANSWER)
            return self._prices.worst(one.provider, one.model, *usual, one.destination)
        return None

    def _seconds(self, one: Generator) -> float | None:
        with suppress(StorageError):
            return typical_seconds(self._state, one.provider, one.model)
        return None

    def _generator(self, name: str, arm: Arm | None) -> Generator:
        """One for each arm: it keeps its connections."""
        key = (name, arm if arm and arm.provider == name else None)
        if key not in self._made:
            settings = self._settings if key[1] is None else varied(self._settings, key[1])
            made = self._made[key] = generator(name, settings, self._names, self._ollama, self._health.heard)
            self._opened.callback(getattr(made, "close", lambda: None))
        return self._made[key]

    def _records(self, collection: str) -> Records:
        budgets = Budgets(self._state, self._budget) if self._budget != Budget() else None
        return Records(
            gate=self._consent(collection),
            ledger=Ledger(self._state, collection, budgets),
            health=self._health,
            prices=self._prices,
            calibration=Calibration(self._state),
            budgets=budgets,
            patience_s=paced.MOST_WAIT_S if self._paces else MOST_WAIT_S,
            alone=self._paces is None,
            quotes=Quotes(self._state, self._prices, quoted(self._settings)),
        )

    @cached_property
    def _budget(self) -> Budget:
        budget = self._settings.budget
        return Budget(
            daily_usd=budget.daily_usd,
            monthly_usd=budget.monthly_usd,
            daily_tokens=budget.daily_tokens,
            monthly_tokens=budget.monthly_tokens,
            daily_requests=budget.daily_requests,
        )

    @cached_property
    def _names(self) -> ModelNames:
        return self._loaded.model_names()

    @cached_property
    def _prices(self) -> Prices:
        own = self._settings.budget.prices
        servers = {"groq": self._settings.groq.base_url, "openai": self._settings.openai.base_url}
        return Prices(self._state, prices_of(own) if own else {}, servers=servers)

    @cached_property
    def _health(self) -> Health:
        realms = _realms(self._settings)
        if self._paces:
            return paced.PacedHealth(self._state, self._paces, realms=realms)
        return Health(self._state, realms=realms)


def _realms(settings: Settings) -> dict[str, str]:
    """What a provider's limits belong to beside its model: the server, and the account of the key."""
    keyed = {"groq": settings.groq, "openai": settings.openai, "anthropic": settings.anthropic}
    realms = {name: f"{section.base_url} {section.key or ''}" for name, section in keyed.items()}
    return realms | {"ollama": settings.ollama.host}
