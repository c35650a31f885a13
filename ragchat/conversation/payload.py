"""A turn as it is stored: versioned JSON with everything that was said about the answer."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

from ragchat.core.answer import Answer, Turn
from ragchat.core.completion import Completion
from ragchat.core.document import Chunk
from ragchat.core.passage import Dropped, Passage, Scores, Search
from ragchat.core.place import Place
from ragchat.core.usage import Usage
from ragchat.errors import StorageError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

VERSION = 1
"""Of the shape of a turn."""

# The dataclasses import the types of their fields for the type checker alone.
_KINDS = (Answer, Chunk, Completion, Decimal, Dropped, Passage, Place, Scores, Search, Turn, Usage, datetime)
_TYPES = {kind.__name__: kind for kind in _KINDS}


def packed(turn: Turn) -> bytes:
    """`turn` as `{"version", "turn"}` in UTF-8; half characters, which UTF-8 has not, become question marks."""
    shape = {"version": VERSION, "turn": turn_shape(turn)}
    return json.dumps(shape, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def unpacked(raw: bytes) -> Turn:
    """The turn that was packed; raises `StorageError` when it is damaged or of another version."""
    try:
        shape = json.loads(raw)
        if shape["version"] != VERSION:
            raise StorageError(
                "Another ragchat kept this answer, in a way that this one cannot read.", "Update it."
            )
        return _turns().validate_python(shape["turn"])
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise StorageError("The answer that was kept here is damaged.") from error


def turn_shape(turn: Turn) -> dict[str, object]:
    """All of `turn` in the types of JSON; an amount of money is text, so that no digit is lost."""
    shape: dict[str, object] = _turns().dump_python(turn, mode="json")
    return shape


def partial_turn(question: str, at: datetime, text: str, notice: str) -> Turn:
    """A question and as much of its answer as was kept, or nothing of it; `notice` says why."""
    completion = Completion(text, provider="", model="", usage=Usage(), finish="cut")
    return Turn(question, Answer(text, completion, (), (), (notice,), grounded=False, retrieval_s=0.0), at)


@cache
def _turns() -> TypeAdapter[Turn]:
    from pydantic import TypeAdapter  # noqa: PLC0415 - 60 ms, which no prompt should wait for

    turns = TypeAdapter(Turn)
    turns.rebuild(force=True, _types_namespace=_TYPES)
    return turns
