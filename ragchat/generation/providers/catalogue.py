"""What a server says that its models cost. Shapes: Groq and OpenRouter, 2026."""

from __future__ import annotations

import time
from contextlib import closing
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from ragchat.core.pricing import Price
from ragchat.errors import GenerationError
from ragchat.generation.providers.chunk import fields, frame, string
from ragchat.generation.providers.deadlines import Deadline, Deadlines

if TYPE_CHECKING:
    from ragchat.generation.providers.chunk import Fields

_MOST_BYTES = 8_000_000
_PER_MILLION = Decimal(1_000_000)
# US dollars. No token costs as much as this, and no million of them as little.
_BETWEEN_THE_UNITS = Decimal("0.001")
_DEAREST = Decimal(10_000)


def listed_prices(base_url: str, api_key: str | None, *, path: str, timeout_s: float) -> dict[str, Price]:
    """The price of each model that the list at `base_url` + `path` has one of.

    Raises `GenerationError`, after `timeout_s` at the latest.

    OpenRouter writes its amounts as US dollars for one token; Groq does not say for how many. The amount tells: in
    dollars, one token has never cost 0.001, and a million of them never less. A price of nothing is believed of a
    model that calls itself `:free` only, and one above 10,000 dollars a million, or below nothing, of none.
    """
    from ragchat.generation.providers import sse  # noqa: PLC0415 - 80 ms, after an answer or before a budget
    from ragchat.generation.providers.line import Line  # noqa: PLC0415

    deadlines = Deadlines(timeout_s, timeout_s, timeout_s)
    deadline = Deadline(deadlines, time.monotonic, hint="Ask again.")
    headers = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
    try:
        with (
            closing(Line(headers=headers, base_url=base_url)) as line,
            line.watched(deadline, deadlines),
            line.client.stream("GET", base_url.rstrip("/") + path) as response,
        ):
            body = b""
            for part in response.iter_bytes():
                body += part
                if len(body) > _MOST_BYTES:
                    raise ValueError("a list of models is shorter")
            models = frame(body).get("data") if response.is_success else None
    except sse.ERRORS as error:
        raise GenerationError("The models were not listed.", failure="garbage", cause="malformed") from error
    entries = [fields(entry) for entry in models] if isinstance(models, list) else []
    named = [(name, entry) for entry in entries if (name := string(entry.get("id")))]
    prices = ((name, _price(name, fields(entry.get("pricing")))) for name, entry in named)
    return {name: price for name, price in prices if price is not None}


def _price(name: str, pricing: Fields) -> Price | None:
    prompt, completion = _amount(pricing.get("prompt")), _amount(pricing.get("completion"))
    if prompt is None or completion is None:
        return None
    dearest = max(prompt, completion)
    if dearest == 0:
        return Price(prompt, completion) if name.endswith(":free") else None
    unit = _PER_MILLION if dearest < _BETWEEN_THE_UNITS else Decimal(1)
    if dearest * unit > _DEAREST:
        return None
    cached = _amount(pricing.get("input_cache_read"))
    return Price(prompt * unit, completion * unit, None if cached is None else min(cached, prompt) * unit)


def _amount(value: object) -> Decimal | None:
    """US dollars; None for what is no amount, or less than nothing, as some say that it varies."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 else None
