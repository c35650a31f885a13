"""Commands that look at the last answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat.errors import UsageError
from ragchat.terminal.views.sources import found
from ragchat.terminal.views.why import why

if TYPE_CHECKING:
    from ragchat.core.answer import Answer
    from ragchat.terminal.chat import Chat


def sources(chat: Chat, _arguments: str) -> None:
    """Print the passages behind the last answer; raises `UsageError` when there is none, or it has none."""
    answer, terminal = last_answer(chat), chat.terminal
    if not answer.passages:
        raise UsageError("The last answer has no sources.", "Ask another question.")
    cited = {citation.passage.chunk.id for citation in answer.citations}
    shown = found(answer.passages, terminal.directory, terminal.line_width, used=cited, links=terminal.links)
    terminal.out.print(shown)


def explain(chat: Chat, _arguments: str) -> None:
    """Print how the last answer came about; raises `UsageError` when there is none."""
    answer, terminal = last_answer(chat), chat.terminal
    terminal.out.print(why(answer, terminal.directory, terminal.line_width, links=terminal.links))


def last_answer(chat: Chat) -> Answer:
    """The last answer; raises `UsageError` when there is none."""
    if chat.last_answer is None:
        raise UsageError("There is no answer yet.", "Ask a question first.")
    return chat.last_answer
