"""What an attempt costs, from the prices genai-prices publishes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragchat.core.usage import Usage

_HERE = frozenset({"ollama", "extractive"})


def price(provider: str, model: str, usage: Usage) -> Decimal | None:
    """US dollars; None when the model's price or its tokens are not known. What runs here costs nothing.

    Tokens count only when the server counted them: an estimate is no bill.
    """
    if provider in _HERE:
        return None if model.endswith(("-cloud", ":cloud")) else Decimal(0)
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
