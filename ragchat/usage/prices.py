"""What an attempt costs: the user's own price, else the provider's, else the one genai-prices publishes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from ragchat.core.pricing import Price
from ragchat.storage.database import told

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping

    from ragchat.core.usage import Usage

CREATE_PRICES = """
CREATE TABLE prices (
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    prompt TEXT NOT NULL,
    completion TEXT NOT NULL,
    cached TEXT,
    at TEXT NOT NULL,
    PRIMARY KEY (provider, model)
) WITHOUT ROWID
"""

KEPT_FOR = timedelta(days=30)
"""How long a provider's own word on its price is taken."""

_UNLISTED = frozenset({"ollama", "extractive", "gguf", "trained"})
_COMPATIBLE = "openai"
_PER_MILLION = Decimal(1_000_000)


class _Tokens(NamedTuple):
    prompt: int
    completion: int
    cached: int = 0


class Prices:
    """What answers cost, in US dollars; None is unknown, and never zero. Every method raises `StorageError`.

    `own` are the prices the user set, by provider and model; `servers` tells where a provider is reached, since
    another server has other prices. What runs on this machine, and has no price
    there, costs nothing; what others ask for running a model of Ollama is not published.
    """

    def __init__(
        self,
        connection: sqlite3.Connection | None,
        own: Mapping[tuple[str, str], Price] = MappingProxyType({}),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        servers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._connection = connection
        self._own = own
        self._servers = servers
        self._now = now

    def cost(self, provider: str, model: str, usage: Usage, destination: str | None) -> Decimal | None:
        """What `usage` comes to; None when the price, or the tokens, are not known.

        Tokens count only when the server counted them: an estimate is no bill.
        """
        if usage.source != "server" or usage.prompt_tokens is None or usage.completion_tokens is None:
            free = self._total(provider, model, _Tokens(1, 1), destination) == 0
            return Decimal(0) if free else None
        cached = min(usage.cached_tokens or 0, usage.prompt_tokens)
        tokens = _Tokens(usage.prompt_tokens, usage.completion_tokens, cached)
        return self._total(provider, model, tokens, destination)

    def worst(
        self, provider: str, model: str, prompt_tokens: int, completion_tokens: int, destination: str | None
    ) -> Decimal | None:
        """The most that so many tokens can come to, none of them cached; None when the price is not known."""
        return self._total(provider, model, _Tokens(prompt_tokens, completion_tokens), destination)

    def seller(self, provider: str) -> str:
        """Whose prices those of `provider` are, with its server."""
        return f"{provider} {self._servers[provider]}" if provider in self._servers else provider

    def note(self, provider: str, model: str, price: Price) -> None:
        """Keep what the provider says that it asks; a negative or infinite price is how some say that it varies,
        and is not kept.
        """
        amounts = (price.prompt, price.completion, price.cached or Decimal(0))
        if self._connection is None or not all(amount.is_finite() and amount >= 0 for amount in amounts):
            return
        cached = None if price.cached is None else format(price.cached, "f")
        values = (format(price.prompt, "f"), format(price.completion, "f"), cached)
        with told("A price cannot be kept"):
            self._connection.execute(
                "INSERT OR REPLACE INTO prices VALUES (?, ?, ?, ?, ?, ?)",
                (self.seller(provider), model, *values, self._now().astimezone(UTC).isoformat()),
            )

    def _total(self, provider: str, model: str, tokens: _Tokens, destination: str | None) -> Decimal | None:
        price = self._own.get((provider, model))
        if price is not None:
            return _at(price, tokens)
        if provider in _UNLISTED:
            return Decimal(0) if destination is None else None
        price = self._live(provider, model)
        if price is not None:
            return _at(price, tokens)
        published = _published(provider, model, tokens, destination)
        if published is None and provider == _COMPATIBLE and destination is None:
            return Decimal(0)
        return published

    def _live(self, provider: str, model: str) -> Price | None:
        if self._connection is None:
            return None
        oldest = (self._now().astimezone(UTC) - KEPT_FOR).isoformat()
        with told("The prices cannot be read", InvalidOperation):
            row = self._connection.execute(
                "SELECT prompt, completion, cached FROM prices WHERE provider = ? AND model = ? AND at >= ?",
                (self.seller(provider), model, oldest),
            ).fetchone()
            if row is None:
                return None
            cached = None if row["cached"] is None else Decimal(row["cached"])
            return Price(Decimal(row["prompt"]), Decimal(row["completion"]), cached)


def _at(price: Price, tokens: _Tokens) -> Decimal:
    cached = price.prompt if price.cached is None else price.cached
    prompt = price.prompt * (tokens.prompt - tokens.cached) + cached * tokens.cached
    return (prompt + price.completion * tokens.completion) / _PER_MILLION


def _published(provider: str, model: str, tokens: _Tokens, destination: str | None) -> Decimal | None:
    import genai_prices  # noqa: PLC0415 - 140 ms, and only for a paid answer

    usage = genai_prices.Usage(
        input_tokens=tokens.prompt, output_tokens=tokens.completion, cache_read_tokens=tokens.cached
    )
    try:
        if provider == _COMPATIBLE and destination is not None:
            # Many servers speak OpenAI's protocol: whose price it is, the host tells.
            found = genai_prices.calc_price(usage, model, provider_api_url=f"https://{destination}")
        else:
            found = genai_prices.calc_price(usage, model, provider_id=provider)
    except LookupError:
        return None
    listed = found.model_price
    # What is sold by the hour or the picture comes to zero here, and what is free has no prices at all.
    known = listed.input_mtok is not None and listed.output_mtok is not None
    return found.total_price if known or found.model.id.endswith(":free") else None
