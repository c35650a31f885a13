"""What an attempt costs, from the prices genai-prices publishes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragchat.core.usage import Usage

_UNLISTED = frozenset({"ollama", "extractive"})


def price(provider: str, model: str, usage: Usage, destination: str | None) -> Decimal | None:
    """US dollars; None when the model's price or its tokens are not known. What runs on this machine
    costs nothing; what others ask for running a model of Ollama is not listed.

    Tokens count only when the server counted them: an estimate is no bill.
    """
    if provider in _UNLISTED:
        return Decimal(0) if destination is None else None
    if usage.source != "server" or usage.prompt_tokens is None or usage.completion_tokens is None:
        return None
    return _listed(provider, model, usage)


def _listed(provider: str, model: str, usage: Usage) -> Decimal | None:
    import genai_prices  # noqa: PLC0415 - 140 ms, and only for a paid answer

    tokens = genai_prices.Usage(
        input_tokens=usage.prompt_tokens,
        output_tokens=usage.completion_tokens,
        cache_read_tokens=usage.cached_tokens or 0,
    )
    try:
        return genai_prices.calc_price(tokens, model, provider_id=provider).total_price
    except LookupError:
        return None
