"""What a conversation took, said when it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat.terminal.views.line import facts
from ragchat.terminal.views.quantities import counted, money, seconds, tokens

if TYPE_CHECKING:
    from rich.text import Text

    from ragchat.conversation.session import Summary


def farewell(summary: Summary, width: int | None) -> Text:
    """`5 questions · answered by groq, extractive · 6,120 + 431 tokens · $0.0012 · 8.1 s`."""
    return facts(
        (
            counted(summary.questions, "question"),
            f"answered by {', '.join(summary.providers)}" if summary.providers else "",
            tokens(summary.prompt_tokens, summary.completion_tokens),
            _cost(summary),
            f"{seconds(summary.seconds)} answering",
        ),
        "status",
        width,
    )


def _cost(summary: Summary) -> str:
    if not summary.unknown_costs:
        return money(summary.cost)
    unpriced = f"cost of {counted(summary.unknown_costs, 'answer')} unknown"
    return f"{money(summary.cost)}, {unpriced}" if summary.cost else unpriced
