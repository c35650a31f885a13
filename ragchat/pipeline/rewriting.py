"""A model says what a follow-up means, so that the search finds what it is about."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragchat.core.completion import Completion, Notice, Prompt
from ragchat.errors import GenerationError
from ragchat.language.tokens import estimate_tokens
from ragchat.pipeline.history import history_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragchat.core.answer import Turn
    from ragchat.core.protocols import Generator

INSTRUCTIONS = """\
You rewrite the last question of a conversation so that it is understood without the conversation.

Rules:
- Put in what words such as it, they, there or that one stand for.
- Keep the language of the question, and everything it asks for. Add nothing, and answer nothing.
- A question that is understood by itself stays as it is.
- Reply with the question alone, on one line."""

_BUDGET = 600
"""Tokens of the conversation that the model reads: enough to know what it is about."""

_LONGEST = 400
_LABEL = re.compile(r"(?:rewritten |standalone )?question\s*:\s*", re.IGNORECASE)
_QUOTES = "\"'“”„«»`*"


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The question as it stands by itself, and what it took to ask; None where no model said, or answered.

    `notices` are what the person should be told: some, as that of a budget, come once only.
    """

    question: str | None
    completion: Completion | None
    notices: tuple[str, ...] = ()


class Rewriter:
    """Asks `generator`, which is a model or a chain of models."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator

    def rewrite(self, question: str, turns: Sequence[Turn]) -> Rewritten:
        """What `question` means behind `turns`; a model that fails, or talks of something else, costs nothing but
        time. A KeyboardInterrupt ends the wait and is raised on.
        """
        prompt = _prompt(question, turns)
        completion, notices = None, list[str]()
        try:
            with closing(self._generator.stream(prompt)) as pieces:
                for piece in pieces:
                    if isinstance(piece, Completion):
                        completion = piece
                    elif isinstance(piece, Notice):
                        notices.append(piece.text)
        except GenerationError:
            return Rewritten(None, None, tuple(notices))
        if completion is not None and completion.finish == "cut" and completion.failure is None:
            raise KeyboardInterrupt  # which the stream had caught
        if completion is None or completion.finish != "stop":
            return Rewritten(None, completion, tuple(notices))
        return Rewritten(_question(completion.text, question), completion, tuple(notices))


def _prompt(question: str, turns: Sequence[Turn]) -> Prompt:
    history = history_of(turns, _BUDGET)
    task = f"Rewrite this question: {question}"
    prompt = Prompt(question, instructions=INSTRUCTIONS, history=history.messages, asked=question, task=task)
    return prompt.counted(sum(estimate_tokens(message.text) for message in prompt.messages))


def _question(said: str, asked: str) -> str | None:
    """The question in what a model replied; None when it is none."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if len(lines) != 1:
        return None
    question = _LABEL.sub("", lines[0], count=1).strip().strip(_QUOTES).strip()
    return question if 0 < len(question) <= max(_LONGEST, 2 * len(asked)) else None
