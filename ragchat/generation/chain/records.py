"""What a chain of providers keeps its books with, and asks before it sends anything."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ragchat.errors import StorageError
from ragchat.generation.chain.remedy import MOST_WAIT_S
from ragchat.usage.budgets import Worst

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from ragchat.core.completion import Completion, Prompt
    from ragchat.core.protocols import Generator
    from ragchat.core.usage import Usage
    from ragchat.generation.chain.health import Health
    from ragchat.privacy.consent import Permission
    from ragchat.usage.budgets import Budgets
    from ragchat.usage.calibration import Calibration
    from ragchat.usage.ledger import Ledger
    from ragchat.usage.prices import Prices
    from ragchat.usage.quotes import Quotes


class Gate(Protocol):
    """Decides what may leave this machine."""

    def permits(self, provider: str, destination: str | None) -> Permission:
        """Whether a prompt may be sent to `destination`; None is this machine."""


@dataclass(frozen=True, slots=True)
class Records:
    """All of it is shared by the processes of one home, but for the gate.

    `patience_s` is for how long one provider is waited for before the next one is asked. Of a question that is
    `alone`, Ctrl-C ends a wait; of one among many it ends them all.
    """

    gate: Gate
    ledger: Ledger
    health: Health
    prices: Prices
    calibration: Calibration
    budgets: Budgets | None = None
    patience_s: float = MOST_WAIT_S
    quotes: Quotes | None = None
    alone: bool = True

    def cost(self, provider: str, model: str, usage: Usage, destination: str | None) -> Decimal | None:
        """What an attempt cost; None when that is not known."""
        with suppress(StorageError):
            return self.prices.cost(provider, model, usage, destination)
        return None

    def worst(
        self, generator: Generator, prompt_tokens: int, destination: str | None, answer_tokens: int | None = None
    ) -> Worst | None:
        """What a permitted request may take, by default with `max_tokens`; None when there is no budget."""
        if self.budgets is None:
            return None
        most, cost = answer_tokens or generator.max_tokens, None
        asked = (generator.provider, generator.model, prompt_tokens, most, destination)
        with suppress(StorageError):
            cost = self.prices.worst(*asked)
            if cost is None and self.budgets.in_dollars:
                self.quote(generator.provider, destination)
                cost = self.prices.worst(*asked)
        return Worst(prompt_tokens + most, cost)

    def quote(self, provider: str, destination: str | None) -> None:
        """Have `provider` say what it costs, where prompts may be sent to it; raises `StorageError`."""
        if self.quotes is not None and destination is not None:
            self.quotes.refresh(provider)

    def room(self, generator: Generator) -> int | None:
        """The most tokens of prompt and answer together, as far as that is known."""
        allowed = None
        with suppress(StorageError):
            allowed = self.health.allowed_tokens(generator)
        return min((size for size in (generator.context, allowed) if size is not None), default=None)

    def allows(self, generator: Generator, prompt_tokens: int, answer_tokens: int) -> bool:
        """Whether a request may ask for `answer_tokens`, by its limits and the budgets."""
        room = self.room(generator)
        if room is not None and prompt_tokens + answer_tokens > room:
            return False
        worst = self.worst(generator, prompt_tokens, generator.destination, answer_tokens)
        if self.budgets is None or worst is None:
            return True
        with suppress(StorageError):
            return self.budgets.refusal(worst) is None
        return False

    def counter(self, generator: Generator) -> Callable[[str], int]:
        """What counts the tokens of a text for `generator`, rather too many than too few."""
        tokens, provider, model = self.calibration.tokens, generator.provider, generator.model
        return lambda text: tokens(provider, model, text)

    def tokens(self, generator: Generator, prompt: Prompt) -> int:
        """What the messages of `prompt` take, so counted."""
        count = self.counter(generator)
        return sum(count(message.text) for message in prompt.messages)

    def learn(self, prompt: Prompt, completion: Completion) -> None:
        """Take from the tokens that a server counted how long its tokens are; raises `StorageError`."""
        usage = completion.usage
        if usage.source == "server" and usage.prompt_tokens:
            size = sum(len(message.text.encode("utf-8", "replace")) for message in prompt.messages)
            self.calibration.learn(completion.provider, completion.model, size, usage.prompt_tokens)

    def budget_warnings(self) -> tuple[str, ...]:
        """What of a budget is nearly used up; raises `StorageError`."""
        return self.budgets.warnings() if self.budgets else ()
