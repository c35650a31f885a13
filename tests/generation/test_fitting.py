"""A prompt is fitted to a window: the history goes before the passages, the last of those first."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from ragchat.core.completion import Prompt
from ragchat.core.message import Message
from ragchat.generation.chain.fitting import fitted
from ragchat.language.tokens import estimate_tokens
from tests.pipeline.passages import passage

if TYPE_CHECKING:
    from collections.abc import Sequence

HISTORY = (Message("user", "And rice?"), Message("assistant", "Rice soaks for half an hour. " * 5))


def prompt_of(lengths: Sequence[int], history: tuple[Message, ...] = HISTORY) -> Prompt:
    """A passage of as many words for each of `lengths`."""
    passages = tuple(passage("bread " * length) for length in lengths)
    return Prompt(
        "How long does bread cool?",
        passages,
        instructions="Answer from the passages only.",
        history=history,
        rendered=tuple(f"[{number}] {one.text}" for number, one in enumerate(passages, start=1)),
        asked="And how long does it cool?",
        distant=True,
    )


def size(prompt: Prompt) -> int:
    return sum(estimate_tokens(message.text) for message in prompt.messages)


@given(st.lists(st.integers(0, 300), max_size=8), st.booleans(), st.integers(-10, 1200))
def test_as_much_is_kept_as_fits(lengths: list[int], talked: bool, most_tokens: int) -> None:
    prompt = prompt_of(lengths, HISTORY if talked else ())
    kept = fitted(prompt, most_tokens, estimate_tokens)
    count = len(kept.passages)
    assert (kept is prompt) == (size(prompt) <= most_tokens or (count == len(lengths) and not talked))
    assert (kept.passages, kept.rendered) == (prompt.passages[:count], prompt.rendered[:count])
    assert (kept.question, kept.asked, kept.distant) == (prompt.question, prompt.asked, True)
    assert count >= min(1, len(lengths))
    if kept is not prompt:
        assert not kept.history
        assert size(kept) <= most_tokens or count <= 1
        if count < len(lengths):
            assert size(prompt.with_passages(count + 1)) > most_tokens


def test_the_history_goes_before_the_last_passage() -> None:
    prompt = prompt_of([40, 40, 40])
    shorter = fitted(prompt, size(prompt) - 1, estimate_tokens)
    assert (len(shorter.passages), shorter.history) == (3, ())
    assert len(fitted(prompt, size(shorter) - 1, estimate_tokens).passages) == 2


def test_the_estimate_shrinks_with_the_prompt() -> None:
    whole = prompt_of([100] * 8)
    shorter = replace(whole, context_tokens=size(whole)).with_passages(2)
    assert size(shorter) <= shorter.context_tokens <= 1.05 * size(shorter) + 2
    assert shorter.with_passages(2) is shorter
    assert len(shorter.with_passages(0).passages) == 1


def test_of_a_model_with_longer_tokens_more_passages_are_asked() -> None:
    prompt = prompt_of([60] * 8)

    def kept(bytes_per_token: float) -> int:
        return len(fitted(prompt, 400, partial(estimate_tokens, bytes_per_token=bytes_per_token)).passages)

    assert kept(1) < kept(3) < kept(6)
