"""The table of failures: what is done about each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ragchat.errors import GenerationError
from ragchat.generation.chain.remedy import Remedy, remedy

if TYPE_CHECKING:
    from ragchat.errors import FailureKind


@pytest.mark.parametrize(
    ("provider", "failure", "facts", "expected"),
    [
        ("groq", "network", {"cause": "dns"}, Remedy(1, counts=True)),
        ("groq", "network", {"cause": "refused"}, Remedy(0, counts=True)),
        ("groq", "network", {"cause": "tls"}, Remedy(0, counts=True)),
        ("groq", "config", {}, Remedy()),
        ("groq", "timeout", {"cause": "connect_timeout"}, Remedy(1, counts=True)),
        ("groq", "timeout", {"cause": "deadline_first"}, Remedy(1, counts=True, slow=True)),
        ("groq", "timeout", {"cause": "read_timeout"}, Remedy(1, counts=True, slow=True)),
        ("groq", "timeout", {"http_status": 408}, Remedy(1, counts=True)),
        ("groq", "network", {"cause": "disconnected"}, Remedy(1, counts=True)),
        ("groq", "garbage", {}, Remedy(1, counts=True)),
        ("groq", "garbage", {"cause": "no_text"}, Remedy(1)),
        ("groq", "garbage", {"cause": "used_up"}, Remedy(1, 0.0, roomier=True)),
        ("groq", "too_large", {"http_status": 413}, Remedy(1, 0.0, smaller=True)),
        ("groq", "model", {"http_status": 404}, Remedy(1, 0.0, elsewhere=True)),
        ("groq", "other", {"http_status": 422}, Remedy()),
        ("openai", "other", {"cause": "argument", "http_status": 400}, Remedy(3, 0.0, conceded=True)),
        ("groq", "key", {"http_status": 401}, Remedy(off=True)),
        ("groq", "limit", {"http_status": 429, "retry_after_s": 3.0}, Remedy(2, 3.0, rests_s=3.0)),
        ("groq", "limit", {"http_status": 429}, Remedy(1, rests_s=15.0)),
        ("groq", "server", {"http_status": 498}, Remedy(1, counts=True)),
        ("groq", "server", {"http_status": 503, "retry_after_s": 2.0}, Remedy(1, 2.0, counts=True)),
        ("groq", "server", {"http_status": 500}, Remedy(2, counts=True)),
        ("groq", "server", {}, Remedy(1, counts=True)),
        ("ollama", "limit", {"http_status": 503}, Remedy(1, counts=True)),
        ("ollama", "server", {"http_status": 500}, Remedy(0, counts=True)),
        ("ollama", "server", {}, Remedy(0, counts=True)),
    ],
)
def test_each_failure_has_its_remedy(
    provider: str, failure: FailureKind, facts: dict[str, object], expected: Remedy
) -> None:
    error = GenerationError("It failed.", failure=failure, **facts)  # type: ignore[arg-type]
    assert remedy(error, provider) == expected
