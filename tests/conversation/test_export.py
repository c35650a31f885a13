"""An export can be read, and holds nothing that acts on a terminal."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePath

from hypothesis import given
from hypothesis import strategies as st

from ragchat.conversation.entry import Entry
from ragchat.conversation.export import as_json, as_markdown, as_shape
from ragchat.conversation.payload import partial_turn
from ragchat.language.unseen import UNSEEN
from tests.conversation.turns import turn

_AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_ENTRY = Entry("bcdfg", "Bread", "default", 1, _AT, _AT)


def test_markdown_has_question_answer_sources_and_what_it_took() -> None:
    text = as_markdown(_ENTRY, [turn("How long\ndoes it cool?")], PurePath("/docs"))
    assert (
        re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "TIME", text)
        == """\
# Bread

default · TIME · 1 question

## How long does it cool?

It cools for 45 minutes [1].

- [1] notes.md:7, Baking › Cooling: “cools for 45 minutes”

> 2 of 8 passages dropped.

*groq tiny · 0.5 s · 120 + 9 tokens · $0.00010 · TIME*
"""
    )


def test_a_cut_answer_is_marked_as_such() -> None:
    text = as_markdown(_ENTRY, [partial_turn("How long?", _AT, "It cools", "It was cut.")], PurePath("/"))
    assert "\n\nIt cools\n\n> It was cut.\n\n*cut short · " in text


@given(question=st.text(), text=st.text())
def test_no_export_holds_a_control_character(question: str, text: str) -> None:
    one = turn(question, text)
    one = replace(one, answer=replace(one.answer, notices=(text,)))
    entry = replace(_ENTRY, name=question)
    unseen = re.compile(f"(?!\t)[{UNSEEN}]")
    assert not unseen.search(as_markdown(entry, [one], PurePath("/")))
    exported = as_json(entry, [one])
    assert not unseen.search(exported)
    assert json.loads(exported) == json.loads(json.dumps(as_shape(entry, [one])))
