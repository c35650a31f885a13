"""How many tokens a text is, when nobody who knows has counted."""

from __future__ import annotations

# Bytes, not characters: a Chinese or Hindi character is a token by itself, and three bytes.
BYTES_PER_TOKEN = 3.5
MARGIN = 1.1


def estimate_tokens(text: str, bytes_per_token: float = BYTES_PER_TOKEN, margin: float = MARGIN) -> int:
    """How many tokens a model will count in `text`, rather too many than too few."""
    return int(len(text.encode("utf-8", "replace")) / bytes_per_token * margin) + bool(text)
