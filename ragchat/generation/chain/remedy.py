"""What to do about a failure: the table of failures, as data.

Sources: Groq's and Ollama's documentation and servers; what their clients raise, measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragchat.errors import Cause, GenerationError

MOST_WAIT_S = 8.0
"""For so long a person waits for one provider before the next one is asked."""

FIRST_WORD_S, LEAST_S = 45.0, 5.0
"""A provider in the cloud has so long to its first word, all tries together; with less left none is made."""

_MOST_CONCEDED = 3
MOST_ATTEMPTS = 3 + _MOST_CONCEDED
"""Of one provider for one question, with those that a server refused for an argument."""

_UNTOLD_COOL_DOWN_S = 15.0
_CAPACITY = frozenset({498, 503})
# Another try is worth it for what passes by itself; the number says how many.
_BY_CAUSE: dict[Cause | None, int] = {
    "refused": 0,
    "tls": 0,
    "proxy": 0,
    "dns": 1,
    "unreachable": 1,
    "disconnected": 1,
    "connect_timeout": 1,
}
_BY_FAILURE = {"network": 1, "timeout": 1, "garbage": 1}
AVAILABILITY = frozenset({"network", "timeout", "garbage", "server"})
"""The failures that say the provider was not there."""

_SLOW: frozenset[Cause | None] = frozenset({"read_timeout", "deadline_first", "deadline_whole"})


@dataclass(frozen=True, slots=True)
class Remedy:
    """`retries` more tries at the most, after exactly `wait_s`, or None for a growing wait of the loop's own.

    `counts`: the provider was not available, as the breaker counts it. `smaller`: only a shorter prompt helps,
    `elsewhere`: only another model of the provider, `roomier`: only more tokens for the answer. `rests_s`: for so
    long the model takes no more requests. `off`: nothing helps in this session. `conceded`: an argument was given
    up, and such tries count for nothing. `slow`: a model on this machine would be so again.
    """

    retries: int = 0
    wait_s: float | None = None
    counts: bool = False
    smaller: bool = False
    elsewhere: bool = False
    roomier: bool = False
    rests_s: float | None = None
    off: bool = False
    conceded: bool = False
    slow: bool = False


_FIXED = {
    "too_large": Remedy(1, 0.0, smaller=True),
    "model": Remedy(1, 0.0, elsewhere=True),
    "key": Remedy(off=True),
}
_BY_CAUSE_ALONE: dict[Cause | None, Remedy] = {
    "argument": Remedy(_MOST_CONCEDED, 0.0, conceded=True),
    "used_up": Remedy(1, 0.0, roomier=True),
}


def remedy(error: GenerationError, provider: str) -> Remedy:
    """What to do about `error`, raised before anything was shown."""
    if error.cause in _BY_CAUSE_ALONE:
        return _BY_CAUSE_ALONE[error.cause]
    if error.failure in _FIXED:
        return _FIXED[error.failure]
    if error.failure == "limit":
        return _of_limit(error, provider)
    if error.failure == "server":
        return Remedy(_server_retries(error, provider), error.retry_after_s, counts=True)
    retries = _BY_CAUSE.get(error.cause, _BY_FAILURE.get(error.failure, 0))
    counts = error.failure in AVAILABILITY and error.cause != "no_text"
    return Remedy(retries, counts=counts, slow=error.cause in _SLOW)


def _of_limit(error: GenerationError, provider: str) -> Remedy:
    if provider == "ollama":  # its queue is full
        return Remedy(1, counts=True)
    if error.retry_after_s is None:
        return Remedy(1, rests_s=_UNTOLD_COOL_DOWN_S)
    return Remedy(2, error.retry_after_s, rests_s=error.retry_after_s)


def _server_retries(error: GenerationError, provider: str) -> int:
    if provider == "ollama":
        return 0  # out of memory, or its runner crashed: it will again
    return 1 if error.http_status is None or error.http_status in _CAPACITY else 2
