"""How many tokens a text is, when nobody who knows has counted."""

from __future__ import annotations

# Bytes, not characters: a Chinese or Hindi character is a token by itself, and three bytes.
_BYTES_PER_TOKEN = 3.5
_MARGIN = 1.1


def estimate_tokens(text: str) -> int:
    """How many tokens a model will count in `text`, rather too many than too few."""
    return int(len(text.encode("utf-8", "replace")) / _BYTES_PER_TOKEN * _MARGIN) + bool(text)
