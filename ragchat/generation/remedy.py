"""What to do about a failure: the table of failures, as data.

Sources: Groq's and Ollama's documentation and servers; what their clients raise, measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragchat.errors import GenerationError

MOST_WAIT_S = 8.0
"""For so long a person waits for one provider before the next one is asked."""

MOST_ATTEMPTS = 3
"""Of one provider for one question."""

_UNTOLD_COOL_DOWN_S = 15.0
_CAPACITY = frozenset({498, 503})
# Another try is worth it for what passes by itself; the number says how many.
_BY_CODE = {
    "refused": 0,
    "tls": 0,
    "proxy": 0,
    "used_up": 0,
    "dns": 1,
    "unreachable": 1,
    "disconnected": 1,
    "connect_timeout": 1,
}
_BY_FAILURE = {"network": 1, "timeout": 1, "garbage": 1, "too_large": 1, "model": 1, "limit": 2, "server": 2}
AVAILABILITY = frozenset({"network", "timeout", "garbage", "server"})
"""The failures that say the provider was not there."""

_ANSWERED = frozenset({"no_text", "used_up"})


@dataclass(frozen=True, slots=True)
class Remedy:
    """`retries` more tries at the most, after exactly `wait_s`, or None for a growing wait of the loop's own.

    `counts`: the provider was not available, as the breaker counts it. `smaller`: only a shorter prompt helps,
    `elsewhere`: only another model of the provider. `rests_s`: for so long the model takes no more requests.
    `off`: nothing helps in this session.
    """

    retries: int = 0
    wait_s: float | None = None
    counts: bool = False
    smaller: bool = False
    elsewhere: bool = False
    rests_s: float | None = None
    off: bool = False


def remedy(error: GenerationError, provider: str) -> Remedy:
    """What to do about `error`, raised before anything was shown."""
    retries = _BY_CODE.get(error.code or "", _BY_FAILURE.get(error.failure, 0))
    if error.failure == "limit":
        rests = _UNTOLD_COOL_DOWN_S if error.retry_after_s is None else error.retry_after_s
        return Remedy(1 if error.retry_after_s is None else retries, error.retry_after_s, rests_s=rests)
    if error.failure == "too_large":
        return Remedy(retries, 0.0, smaller=True)
    if error.failure == "model":
        return Remedy(retries, 0.0, elsewhere=True)
    if error.failure == "key":
        return Remedy(off=True)
    counts = error.failure in AVAILABILITY and error.code not in _ANSWERED
    if error.failure == "server":
        if error.http_status is None or error.http_status in _CAPACITY:
            retries = 1
        elif provider == "ollama":
            retries = 0  # out of memory, or its runner crashed: it will again
        return Remedy(retries, error.retry_after_s, counts=counts)
    return Remedy(retries, counts=counts)
