"""A session as a file: Markdown to be read, or JSON that holds everything."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from ragchat.conversation.payload import turn_shape
from ragchat.core.place import relative_source
from ragchat.language.unseen import escaped, without_unseen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal
    from pathlib import PurePath

    from ragchat.conversation.entry import Entry
    from ragchat.core.answer import Answer, Citation, Turn
    from ragchat.core.usage import Usage

EXPORT_VERSION: Final = 1


def as_markdown(entry: Entry, turns: Sequence[Turn], directory: PurePath) -> str:
    """Each question as a heading, with its answer, sources, and who answered, when and for what.

    Sources are relative to `directory` where they lie below it. Without control characters but tabs and ends of
    lines.
    """
    count = "1 question" if len(turns) == 1 else f"{len(turns)} questions"
    head = [
        f"# {_line(entry.name)}",
        f"{entry.collection} · {entry.began_at.astimezone():%Y-%m-%d %H:%M} · {count}",
    ]
    blocks = [block for turn in turns for block in _turn(turn, directory)]
    return without_unseen("\n\n".join([*head, *blocks])) + "\n"


def as_shape(entry: Entry, turns: Sequence[Turn]) -> dict[str, object]:
    """`{"format": "ragchat session", "version": 1, "session": {…}, "turns": […]}`, with whole passages."""
    return {
        "format": "ragchat session",
        "version": EXPORT_VERSION,
        "session": {
            "id": entry.id,
            "name": entry.name,
            "collection": entry.collection,
            "began_at": entry.began_at.isoformat(),
            "last_at": entry.last_at.isoformat(),
        },
        "turns": [turn_shape(turn) for turn in turns],
    }


def as_json(entry: Entry, turns: Sequence[Turn]) -> str:
    """The same as text, in which control characters are escaped."""
    return escaped(json.dumps(as_shape(entry, turns), ensure_ascii=False, indent=2)) + "\n"


def _turn(turn: Turn, directory: PurePath) -> Iterator[str]:
    yield f"## {_line(turn.question)}"
    if text := turn.answer.text.strip():
        yield text
    if turn.answer.citations:
        yield "\n".join(_source(citation, directory) for citation in turn.answer.citations)
    if turn.answer.notices:
        yield "\n>\n".join(f"> {_line(notice)}" for notice in turn.answer.notices)
    yield f"*{' · '.join(_facts(turn.answer))} · {turn.at.astimezone():%Y-%m-%d %H:%M}*"


def _source(citation: Citation, directory: PurePath) -> str:
    chunk = citation.passage.chunk
    where = f"{relative_source(chunk.source, directory)}{citation.place.suffix()}"
    heading = f", {_line(chunk.heading)}" if chunk.heading else ""
    quote = f": “{_line(citation.quote)}”" if citation.quote else ""
    return f"- [{citation.marker}] {_line(where)}{heading}{quote}"


def _facts(answer: Answer) -> Iterator[str]:
    completion = answer.completion
    if completion.provider:
        model = "" if completion.model == completion.provider else f" {completion.model}"
        yield f"{completion.provider}{model}"
        yield f"{answer.total_s:.1f} s"
        yield from _tokens(completion.usage)
        yield _cost(None if answer.cost_unknown else answer.known_cost)
    if completion.finish == "cut":
        yield "cut short"


def _cost(cost: Decimal | None) -> str:
    if cost is None:
        return "cost unknown"
    return f"${cost:f}" if cost else "free"


def _tokens(usage: Usage) -> Iterator[str]:
    if usage.prompt_tokens or usage.completion_tokens:
        counts = [f"{count:,}" for count in (usage.prompt_tokens, usage.completion_tokens) if count is not None]
        yield f"{'~' if usage.source == 'estimate' else ''}{' + '.join(counts)} tokens"


def _line(text: str) -> str:
    return " ".join(text.split())
