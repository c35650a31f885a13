"""Turns to be kept, and what lies in a home afterwards."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from ragchat.core.answer import Answer, Citation, Turn
from ragchat.core.completion import Completion
from ragchat.core.usage import Usage
from tests.pipeline.passages import passage

if TYPE_CHECKING:
    from pathlib import Path

    from ragchat.conversation.stored import StoredSession


def turn(question: str, text: str = "It cools for 45 minutes [1].") -> Turn:
    """A turn with a citation, a cost and a notice."""
    found = passage("The loaf cools for 45 minutes on a rack.", heading="Baking › Cooling", line=7)
    usage = Usage(prompt_tokens=120, completion_tokens=9, total_s=0.5, cost=Decimal("0.00010"), source="server")
    citation = Citation(1, found, "cools for 45 minutes", found.place)
    completion = Completion(text, "groq", "tiny", usage, "stop", request_id="req-1")
    answer = Answer(text, completion, (citation,), (found,), ("2 of 8 passages dropped.",), True, 0.01)
    return Turn(question, answer, datetime(2026, 11, 20, 12, 0, tzinfo=UTC))


def keep(session: StoredSession, *turns: Turn) -> StoredSession:
    """Write whole turns, one after the other."""
    for one in turns:
        session.ask(one.question)
        session.answer(one, replacing=False)
    return session


def all_bytes(home: Path) -> bytes:
    """What every file of a home holds."""
    return b"\n".join(file.read_bytes() for file in sorted(home.rglob("*")) if file.is_file())
