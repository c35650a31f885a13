"""What is particular about Groq's models. Source: Groq's model and deprecation pages, to November 2026."""

from __future__ import annotations

_SMALL = "openai/gpt-oss-20b"
_LARGE = "openai/gpt-oss-120b"

_CONTEXT = 131_072
_LONGEST = {
    _SMALL: 65_536,
    _LARGE: 65_536,
    "openai/gpt-oss-safeguard-20b": 65_536,
    "qwen/qwen3.8-27b": 16_384,
}

CURRENT = (_SMALL, _LARGE)
"""What to ask when a model turns out to be gone, the first that is another one."""

REASONING_ROOM = 1024
"""Fewer completion tokens can all go into thinking: an empty answer, billed."""


def reasoning(model: str) -> dict[str, object]:
    """The request's arguments that keep `model` from thinking long, or aloud."""
    if model.startswith("openai/gpt-oss"):
        return {"reasoning_effort": "low", "include_reasoning": False}
    if model.startswith("qwen/qwen3"):
        return {"reasoning_effort": "none"}
    return {}


def context(model: str) -> int | None:
    """The tokens that prompt and answer may have together; None for a model not known here."""
    return _CONTEXT if model in _LONGEST else None


def longest(model: str) -> int | None:
    """The most tokens that an answer may have; None for a model not known here."""
    return _LONGEST.get(model)
