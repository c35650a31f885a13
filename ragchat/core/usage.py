"""What one attempt at an answer took."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, seconds and money; None is unknown, never zero.

    `source` says who counted the tokens: the server, our estimate, or nobody. The last three are the
    server's own account: waiting for the model (a cold load included), reading the prompt, writing.
    """

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    first_token_s: float | None = None
    total_s: float = 0.0
    cost: Decimal | None = None
    source: Literal["server", "estimate", "none"] = "none"
    queue_s: float | None = None
    prompt_s: float | None = None
    completion_s: float | None = None


NOTHING_SENT = Usage(prompt_tokens=0, completion_tokens=0, cost=Decimal(0))
"""Of what stayed here: zero is true, and free."""
