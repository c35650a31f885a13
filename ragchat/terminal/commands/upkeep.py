"""Commands that look at what everything took, and whether all is well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, get_args

from ragchat.errors import UsageError
from ragchat.terminal.views.doctor import finding_lines
from ragchat.terminal.views.usage import usage as table
from ragchat.usage.report import Grouping

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ragchat.terminal.chat import Chat

GROUPINGS: Final[tuple[Grouping, ...]] = get_args(Grouping)


def usage(chat: Chat, by: str) -> None:
    """Show requests, tokens and cost by provider, or by what is named."""
    grouping = next((one for one in GROUPINGS if one == (by or "provider")), None)
    if grouping is None:
        raise UsageError(f"Usage is not kept by {by}.", f"Name one of {', '.join(GROUPINGS)}.")
    report = chat.open().desk.workspace.usage(grouping)
    if report.rows:
        chat.terminal.out.print(table(report, chat.terminal.line_width))
    else:
        chat.say("No question has been asked yet.")


def budget(chat: Chat, _arguments: str) -> None:
    """Say what remains of each budget that is set."""
    left = chat.open().desk.workspace.budgets_left()
    said = "\n".join(map(str, left)) or "No budget is set: RAGCHAT_BUDGET_DAILY_USD and its siblings set one."
    chat.say(said)


def doctor(chat: Chat, _arguments: str) -> None:
    """Look at everything and say what is wrong, with its cure; nothing is sent to the cloud."""
    for finding in chat.open().desk.examine():
        chat.terminal.out.print(finding_lines(finding, chat.terminal.line_width))


def groupings(_chat: Chat, _typed: str) -> Iterable[str]:
    """What `/usage` takes, for completion."""
    return GROUPINGS
