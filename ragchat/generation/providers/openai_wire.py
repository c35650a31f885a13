"""The events of the OpenAI wire: chat completions.

Shapes: OpenAI's API reference; vLLM, llama.cpp's server, LM Studio and OpenRouter leave fields out or add others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat.core.usage import Usage
from ragchat.generation.providers.chunk import Chunk, count, fields, frame, seconds, string

if TYPE_CHECKING:
    from ragchat.generation.providers.chunk import Fields


def decode(name: bytes, data: bytes) -> Chunk:
    """The chunk in an event; raises `ValueError` for one that is no JSON object."""
    if data == b"[DONE]":
        return Chunk(done=True)
    event = frame(data)
    if name == b"error" or event.get("error"):
        return Chunk(error=event)
    choices = event.get("choices")
    choice = fields(choices[0]) if isinstance(choices, list) and choices else {}
    # Thoughts come in fields of their own, `reasoning` or `reasoning_content`: they are not the answer.
    text = string(fields(choice.get("delta")).get("content"))
    return Chunk(text or "", string(choice.get("finish_reason")), usage(fields(event.get("usage"))))


def usage(counted: Fields) -> Usage | None:
    """The counts, and the times in seconds that Groq adds; None where nothing was counted."""
    if not counted:
        return None
    return Usage(
        prompt_tokens=count(counted, "prompt_tokens"),
        completion_tokens=count(counted, "completion_tokens"),
        cached_tokens=count(fields(counted.get("prompt_tokens_details")), "cached_tokens"),
        reasoning_tokens=count(fields(counted.get("completion_tokens_details")), "reasoning_tokens"),
        source="server",
        queue_s=seconds(counted, "queue_time"),
        prompt_s=seconds(counted, "prompt_time"),
        completion_s=seconds(counted, "completion_time"),
    )
