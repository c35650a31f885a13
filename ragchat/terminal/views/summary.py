"""What a conversation took, said when it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat.terminal.sanitise import visible_line
from ragchat.terminal.views.line import facts
from ragchat.terminal.views.quantities import counted, money, percent, seconds, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.text import Text

    from ragchat.conversation.summary import Durations, Summary
    from ragchat.usage.budgets import Remaining


def farewell(summary: Summary, width: int | None, budgets: Iterable[Remaining] = ()) -> Text:
    """`5 questions · answered by groq 3, ollama 2 · 100 % success · 6,120 + 431 tokens · $0.0012 · …`.

    Then what memory saved, the latencies, and what is left of the `budgets`. A percentile is told of two or more.
    """
    return facts(
        (
            counted(summary.questions, "question"),
            _authors(summary),
            f"{percent(summary.success)} success" if summary.success is not None else "",
            f"{summary.cut:,} cut short" if summary.cut else "",
            f"{summary.failed:,} failed" if summary.failed else "",
            tokens(summary.prompt_tokens, summary.completion_tokens, estimated=summary.estimated),
            _cost(summary),
            _saved(summary),
            _durations(summary.first_token, "first token"),
            _durations(summary.in_all, "answering"),
            f"{seconds(summary.retrieval.mean_s)} search" if summary.retrieval else "",
            *map(str, budgets),
        ),
        "status",
        width,
    )


def _authors(summary: Summary) -> str:
    """How many answers each gave is news where there are two."""
    if not summary.providers:
        return ""
    if len(summary.providers) == 1:
        return visible_line(f"answered by {summary.providers[0][0]}")
    return visible_line(f"answered by {', '.join(f'{name} {count:,}' for name, count in summary.providers)}")


def _cost(summary: Summary) -> str:
    if not summary.unknown_costs:
        return money(summary.cost)
    unpriced = f"cost of {counted(summary.unknown_costs, 'answer')} unknown"
    return f"{money(summary.cost)}, {unpriced}" if summary.cost else unpriced


def _saved(summary: Summary) -> str:
    if not summary.cached:
        return ""
    saved = f", {money(summary.saved_cost)} saved" if summary.saved_cost else ""
    return f"{summary.cached:,} from memory{saved}"


def _durations(durations: Durations | None, what: str) -> str:
    if durations is None:
        return ""
    slow = f", p95 {seconds(durations.p95_s)}" if durations.count > 1 else ""
    return f"{seconds(durations.mean_s)} {what}{slow}"
