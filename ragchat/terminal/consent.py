"""The question before anything leaves this machine for the first time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from ragchat.terminal.sanitise import visible_line
from ragchat.terminal.state import ERASE
from ragchat.terminal.wrap import wrapped

if TYPE_CHECKING:
    from ragchat.privacy.consent import Decision, Question
    from ragchat.terminal.console import Terminal

_CHOICES: Final = "[y] always for this collection  [o] this time  [N] never"
_DECISIONS: Final[dict[str, Decision]] = {
    **dict.fromkeys(("y", "yes", "always"), "yes"),
    **dict.fromkeys(("o", "once"), "once"),
    **dict.fromkeys(("", "n", "no", "never"), "no"),
}


def ask_consent(terminal: Terminal, question: Question) -> Decision:
    """Ask the person at an interactive `terminal`; until the answer is one of the choices, ask again.

    Text typed before the question is not taken for its answer. Ctrl-C, and the end of input, raise
    `KeyboardInterrupt`: then nothing is sent and nothing is decided.
    """
    asked = f"Send this question and the passages found to {question.destination} ({question.provider})?"
    lines = wrapped(f"{visible_line(asked)}\n{_CHOICES}", terminal.width)
    if terminal.screen:
        terminal.out.control(ERASE)  # the state line may stand here
    with terminal.keyboard.answering():
        while True:
            terminal.out.print(Text(lines, style="prompt"), end=" ")
            typed = terminal.stdin.readline()
            if not typed:
                raise KeyboardInterrupt
            if decision := _DECISIONS.get(typed.strip().lower()):
                return decision
