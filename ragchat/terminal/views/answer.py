"""Who wrote an answer, how long it took and what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat.core.completion import NOT_FOUND
from ragchat.terminal.sanitise import visible_line
from ragchat.terminal.views.line import facts
from ragchat.terminal.views.quantities import money, seconds, tokens

if TYPE_CHECKING:
    from rich.text import Text

    from ragchat.core.answer import Answer
    from ragchat.core.completion import Completion, Finish

_ENDINGS: dict[Finish, str] = {
    "stop": "",
    "length": "stopped at the length limit",
    "cut": "cut short",
    "degraded": "quoted without a model",
}


def status(answer: Answer, width: int | None) -> Text:
    """`groq openai/gpt-oss-20b · 12 ms search · 0.31 s first token · 0.9 s · 1,204 + 87 tokens · $0.0001`."""
    usage = answer.completion.usage
    first = usage.first_token_s
    return facts(
        (
            _author(answer.completion),
            f"{seconds(answer.retrieval_s)} search",
            f"{seconds(first)} first token" if first is not None else "",
            seconds(answer.retrieval_s + usage.total_s),
            tokens(usage.prompt_tokens, usage.completion_tokens, estimated=usage.source == "estimate"),
            money(usage.cost),
            _ENDINGS[answer.completion.finish],
            _support(answer),
        ),
        "status",
        width,
    )


def _author(completion: Completion) -> str:
    model = "" if completion.model == completion.provider else completion.model
    return visible_line(f"{completion.provider} {model}")


def _support(answer: Answer) -> str:
    # What is unsupported a notice has said, and that nothing was found the answer says itself.
    if answer.citations or answer.unsupported or NOT_FOUND in answer.text:
        return ""
    return "no source backs this answer"
