"""What a model costs, as a person writes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_AMOUNT = r"\d{1,6}(?:\.\d{1,9})?"
_PRICE = re.compile(
    r"(?P<provider>[a-z]+)/(?P<model>[^=,\s]+)="
    rf"(?P<prompt>{_AMOUNT})/(?P<completion>{_AMOUNT})(?:/(?P<cached>{_AMOUNT}))?"
)


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens; those of a prompt that were `cached` cost as much as the others
    when it is None.
    """

    prompt: Decimal
    completion: Decimal
    cached: Decimal | None = None


def prices_of(text: str) -> dict[tuple[str, str], Price]:
    """`openai/tiny=0.5/1.5, groq/x=0.1/0.2/0.05` by provider and model; raises `ValueError`."""
    return dict(_one(part.strip()) for part in text.split(","))


def _one(text: str) -> tuple[tuple[str, str], Price]:
    found = _PRICE.fullmatch(text)
    if found is None:
        raise ValueError("not provider/model=prompt/completion")
    cached = found["cached"]
    price = Price(Decimal(found["prompt"]), Decimal(found["completion"]), Decimal(cached) if cached else None)
    return (found["provider"], found["model"]), price
