"""A prompt, and a stream read to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat.core.completion import Completion, Delta, Notice, Prompt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ragchat.core.completion import Piece

PROMPT = Prompt(
    "How long should bread cool?",
    instructions="Answer from the passages only.",
    rendered=("[1] Let it cool for an hour.",),
    asked="How long should bread cool?",
    context_tokens=17,
)


def read(pieces: Iterable[Piece]) -> tuple[str, list[str], Completion]:
    """The deltas joined, the notices, and the completion, which must come once and last."""
    everything = list(pieces)
    completion = everything.pop()
    assert isinstance(completion, Completion)
    assert not any(isinstance(piece, Completion) for piece in everything)
    text = "".join(piece.text for piece in everything if isinstance(piece, Delta))
    assert completion.text == text
    return text, [piece.text for piece in everything if isinstance(piece, Notice)], completion
