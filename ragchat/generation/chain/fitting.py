"""A prompt is made to fit the window of whoever is asked."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ragchat.core.completion import Prompt


def fitted(prompt: Prompt, most_tokens: int, tokens: Callable[[str], int]) -> Prompt:
    """`prompt` itself when its messages take `most_tokens` at the most, else as much of it as does.

    The history goes first, then the passages from the last on. The first passage stays, fit or not: without any
    there is nothing to answer from. `tokens` counts a text, rather too many than too few.
    """

    def size(shortened: Prompt) -> int:
        return sum(tokens(message.text) for message in shortened.messages)

    if size(prompt) <= most_tokens:
        return prompt
    counts = range(1, len(prompt.passages) + 1)
    return prompt.with_passages(
        bisect_right(counts, most_tokens, key=lambda count: size(prompt.with_passages(count)))
    )
