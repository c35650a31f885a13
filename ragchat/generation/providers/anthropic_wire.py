"""The events of the Anthropic wire: messages. Shapes: Anthropic's API reference, 2023-06-01."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ragchat.core.usage import Usage
from ragchat.generation.providers.chunk import Chunk, count, fields, frame, string

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ragchat.generation.providers.chunk import Fields

_FINISHES = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
}


def decode(name: bytes, data: bytes) -> Chunk:
    """The chunk in an event; raises `ValueError` for one that is no JSON object."""
    event = frame(data)
    kind = event.get("type")
    if b"error" in {name, str(kind).encode()} or event.get("error"):
        return Chunk(error=event)
    delta = fields(event.get("delta"))
    if kind == "message_start":
        return Chunk(usage=_usage(fields(fields(event.get("message")).get("usage"))))
    if kind == "content_block_delta":
        # Thoughts come as `thinking_delta`: they are not the answer.
        return Chunk((string(delta.get("text")) if delta.get("type") == "text_delta" else None) or "")
    if kind == "message_delta":
        reason = string(delta.get("stop_reason"))
        return Chunk("", reason and _FINISHES.get(reason, "stop"), _usage(fields(event.get("usage"))))
    return Chunk(done=kind == "message_stop")


def limits(headers: Mapping[str, str], now: datetime) -> dict[str, str]:
    """`headers`, and the limits among them by the names of the OpenAI wire, whose resets are durations."""
    renamed: dict[str, str] = {}
    for limit in ("requests", "tokens"):
        for part in ("limit", "remaining"):
            if (value := headers.get(f"anthropic-ratelimit-{limit}-{part}")) is not None:
                renamed[f"x-ratelimit-{part}-{limit}"] = value
        try:
            resets_at = datetime.fromisoformat(headers.get(f"anthropic-ratelimit-{limit}-reset", ""))
        except ValueError:
            continue  # not said, or not as documented: the limit counts as unknown
        aware = resets_at if resets_at.tzinfo else resets_at.replace(tzinfo=UTC)
        renamed[f"x-ratelimit-reset-{limit}"] = f"{max(0.0, (aware - now).total_seconds()):.3f}s"
    return {**headers, **renamed}


def _usage(counted: Fields) -> Usage | None:
    """The counts so far. `input_tokens` are those that no cache held, so the prompt is all three together."""
    if not counted:
        return None
    fresh, cached = count(counted, "input_tokens"), count(counted, "cache_read_input_tokens")
    kept = count(counted, "cache_creation_input_tokens")
    return Usage(
        prompt_tokens=None if fresh is None else fresh + (cached or 0) + (kept or 0),
        completion_tokens=count(counted, "output_tokens"),
        cached_tokens=cached,
        source="server",
    )
