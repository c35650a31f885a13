"""The question before anything leaves this machine for the first time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from ragchat.terminal.keyboard import Keyboard
from ragchat.terminal.loading import require_person
from ragchat.terminal.sanitise import visible_line
from ragchat.terminal.window import ERASE
from ragchat.terminal.wrap import wrapped

if TYPE_CHECKING:
    from ragchat.privacy.consent import Decision, Purpose, Question
    from ragchat.terminal.console import Terminal

_ASKED: Final[dict[Purpose, str]] = {
    "answer": "Send this question and the passages found to {host} ({provider})?",
    "documents": (
        "Send every document of this collection, and each question, to {host} to be embedded ({provider})?"
    ),
}
_CHOICES: Final = "[y] always for this collection  [o] this time  [n] never  [Enter] not now"
_DECISIONS: Final[dict[str, Decision]] = {
    **dict.fromkeys(("y", "yes", "always"), "yes"),
    **dict.fromkeys(("o", "once"), "once"),
    "": "later",
    **dict.fromkeys(("n", "no", "never"), "no"),
}


def ask_consent(terminal: Terminal, question: Question) -> Decision:
    """Ask the person at `terminal`; until the answer is one of the choices, ask again.

    Stderr is asked on where it is a terminal, for stdout may be a result. Text typed before the question is
    not taken for its answer. Ctrl-C, and the end of input, raise `KeyboardInterrupt`: then nothing is sent
    and nothing is decided. Raises `NeedsPerson` behind the prompt.
    """
    require_person()
    asked = _ASKED[question.purpose].format(host=question.destination, provider=question.provider)
    lines = wrapped(f"{visible_line(asked)}\n{_CHOICES}", terminal.width)
    if terminal.screen:
        terminal.out.control(ERASE)  # the state line may stand here
    console = terminal.err if terminal.attended else terminal.out
    # One that only asks has no keyboard yet: others, a pager say, may have turned line editing off.
    keyboard = terminal.keyboard if terminal.interactive else Keyboard(terminal.stdin.fileno())
    with keyboard.answering():
        while True:
            console.print(Text(lines, style="prompt"), end=" ")
            typed = terminal.stdin.readline()
            if not typed:
                raise KeyboardInterrupt
            if decision := _DECISIONS.get(typed.strip().lower()):
                return decision
