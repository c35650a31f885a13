"""What is particular about Groq's models. Source: Groq's model and deprecation pages, to November 2026."""

from __future__ import annotations

_SMALL = "openai/gpt-oss-20b"
_LARGE = "openai/gpt-oss-120b"

RETIRED: dict[str, str] = {
    "gemma-7b-it": _SMALL,
    "gemma2-9b-it": _SMALL,
    "llama-3.1-70b-versatile": _LARGE,
    "llama-3.1-8b-instant": _SMALL,
    "llama-3.3-70b-versatile": _LARGE,
    "llama2-70b-4096": _LARGE,
    "llama3-70b-8192": _LARGE,
    "llama3-8b-8192": _SMALL,
    "meta-llama/llama-4-maverick-17b-128e-instruct": _LARGE,
    "meta-llama/llama-4-scout-17b-16e-instruct": _SMALL,
    "mixtral-8x7b-32768": _LARGE,
    "moonshotai/kimi-k2-instruct": _LARGE,
    "moonshotai/kimi-k2-instruct-0905": _LARGE,
    "qwen/qwen3-32b": "qwen/qwen3.8-27b",
}
"""Models that were shut down, and what takes their place: an old `.env` must not stop a question."""

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
