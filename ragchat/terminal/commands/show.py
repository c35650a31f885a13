"""Commands that look at the last answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat.errors import UsageError
from ragchat.terminal.views.sources import found

if TYPE_CHECKING:
    from ragchat.terminal.chat import Chat


def sources(chat: Chat, _arguments: str) -> None:
    """Print the passages behind the last answer; raises `UsageError` when there is none."""
    answer = chat.last_answer
    if answer is None:
        raise UsageError("There is no answer yet.", "Ask a question first.")
    cited = {citation.passage.chunk.id for citation in answer.citations}
    terminal = chat.terminal
    terminal.out.print(found(answer.passages, terminal.directory, terminal.line_width, used=cited))
