"""Who wrote an answer, how long it took and what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat.core.completion import NOT_FOUND
from ragchat.terminal.sanitise import visible_line
from ragchat.terminal.views.line import facts
from ragchat.terminal.views.quantities import seconds, spent, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.text import Text

    from ragchat.core.answer import Answer
    from ragchat.core.completion import Completion, Finish
    from ragchat.core.usage import Usage

_ENDINGS: dict[Finish, str] = {
    "stop": "",
    "length": "stopped at the length limit",
    "cut": "cut short",
    "degraded": "quoted without a model",
}


def status(answer: Answer, width: int | None) -> Text:
    """`groq openai/gpt-oss-20b · 12 ms search · 0.31 s first token · 0.9 s · 1,204 + 87 tokens · $0.0001`.

    Time, tokens and money are of all that was asked for it; `first token` alone is of who answers. Which tokens
    were cached or spent on reasoning is told where that takes no line more.
    """
    usages = [completion.usage for completion in answer.completions]
    brief = facts(_facts(answer, _tokens(usages)), "status", width)
    detailed = facts(_facts(answer, _tokens_in_detail(usages)), "status", width)
    return detailed if detailed.plain.count("\n") == brief.plain.count("\n") else brief


def _facts(answer: Answer, counts: str) -> tuple[str, ...]:
    completion, rewriting = answer.completion, answer.rewriting
    first = None if completion.cached else completion.usage.first_token_s
    return (
        _author(completion),
        f"{seconds(rewriting.usage.total_s)} rewriting" if rewriting else "",
        f"{seconds(answer.retrieval_s)} search",
        f"{seconds(first)} first token" if first is not None else "",
        seconds(answer.total_s),
        counts,
        spent(answer.known_cost, unknown=answer.cost_unknown),
        _ENDINGS[completion.finish],
        _support(answer),
    )


def _author(completion: Completion) -> str:
    model = "" if completion.model == completion.provider else completion.model
    origin = "(from memory)" if completion.cached else ""
    return visible_line(" ".join(filter(None, (completion.provider, model, origin))))


def _tokens(usages: Sequence[Usage]) -> str:
    prompt = _sum(usage.prompt_tokens for usage in usages)
    completion = _sum(usage.completion_tokens for usage in usages)
    return tokens(prompt, completion, estimated=_estimated(usages))


def _tokens_in_detail(usages: Sequence[Usage]) -> str:
    """`1,204 (1,024 cached) + 87 (60 reasoning) tokens`, where there are such."""
    read = _with(_sum(usage.prompt_tokens for usage in usages), usages, "cached")
    written = _with(_sum(usage.completion_tokens for usage in usages), usages, "reasoning")
    if "(" not in f"{read}{written}":
        return _tokens(usages)
    mark = "~" if _estimated(usages) else ""
    return f"{mark}{' + '.join(filter(None, (read, written)))} tokens"


def _with(count: int | None, usages: Iterable[Usage], kind: str) -> str:
    part = _sum(usage.cached_tokens if kind == "cached" else usage.reasoning_tokens for usage in usages)
    if count is None:
        return ""
    return f"{count:,} ({part:,} {kind})" if part else f"{count:,}"


def _estimated(usages: Iterable[Usage]) -> bool:
    return any(usage.source == "estimate" for usage in usages)


def _sum(counts: Iterable[int | None]) -> int | None:
    """Of what is known; None when nothing is."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _support(answer: Answer) -> str:
    # What is unsupported a notice has said, and that nothing was found the answer says itself.
    if answer.citations or answer.unsupported or NOT_FOUND in answer.text:
        return ""
    return "no source backs this answer"
