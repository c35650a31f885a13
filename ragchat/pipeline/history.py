"""What was said before, as a model is told it: the latest turns in full, the older ones in a line each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragchat.core.message import Message
from ragchat.language.marks import MARK
from ragchat.language.tokens import estimate_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ragchat.core.answer import Answer, Citation, Turn

_WHOLE_TURNS = 3
"""A follow-up rarely refers further back, and each turn costs tokens."""

_MOST_LINES = 12
_HEADING = "Earlier in this conversation:"
_QUESTION, _QUOTE = 160, 240
_RUN_OF_MARKS = re.compile(rf"\s?(?:{MARK.pattern})+")


@dataclass(frozen=True, slots=True)
class History:
    """`messages` are the latest turns, `earlier` is what the older ones came to: questions and their evidence."""

    messages: tuple[Message, ...] = ()
    earlier: str = ""


def history_of(turns: Sequence[Turn], budget: int) -> History:
    """As much of `turns` as fits into `budget` tokens, the newest first."""
    messages, left = _latest(turns[-_WHOLE_TURNS:], budget)
    older = turns[: len(turns) - len(messages) // 2]
    return History(messages, _summary(older, left))


def named(answer: Answer) -> str:
    """The text of `answer`, with the names of its sources for marks: their numbers mean other passages by now."""
    by_number = {citation.marker: citation for citation in answer.citations}

    def names(run: re.Match[str]) -> str:
        numbers = (int(number) for number in MARK.findall(run[0]))
        found = dict.fromkeys(_name(by_number[number]) for number in numbers if number in by_number)
        return f" ({', '.join(found)})" if found else ""

    return _RUN_OF_MARKS.sub(names, answer.text)


def _latest(turns: Sequence[Turn], budget: int) -> tuple[tuple[Message, ...], int]:
    messages: list[Message] = []
    for turn in reversed(turns):
        said = named(turn.answer)
        tokens = estimate_tokens(turn.question) + estimate_tokens(said)
        if tokens > budget:
            break
        budget -= tokens
        messages[:0] = [Message("user", turn.question), Message("assistant", said)]
    return tuple(messages), budget


def _summary(turns: Iterable[Turn], budget: int) -> str:
    lines: list[str] = []
    budget -= estimate_tokens(_HEADING)
    for turn in reversed(tuple(turns)):
        line = _line(turn)
        budget -= estimate_tokens(f"{line}\n")
        if budget < 0 or len(lines) == _MOST_LINES:
            break
        lines.insert(0, line)
    return "\n".join((_HEADING, *lines)) if lines else ""


def _line(turn: Turn) -> str:
    """A question, and the words that bore its answer out."""
    quotes = dict.fromkeys(
        f"“{_cropped(citation.quote, _QUOTE)}” ({_name(citation)})" for citation in turn.answer.citations[:2]
    )
    return f"- {_cropped(turn.question, _QUESTION)}: {' '.join(quotes) or 'no passage was cited'}"


def _cropped(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _name(citation: Citation) -> str:
    return citation.passage.chunk.source.rpartition("/")[2]
