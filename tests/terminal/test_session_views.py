"""The list of sessions, and one of them, on a wide line, a narrow one and in a pipe."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ragchat.conversation.entry import Entry
from ragchat.conversation.payload import partial_turn
from ragchat.terminal.cells import cells
from ragchat.terminal.views.sessions import session, sessions
from tests.conversation.turns import turn

_AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_ENTRY = Entry(
    "bcdfg", "How long should a loaf of\x1b]0;title\x07 bread cool before it is cut?", "default", 2, _AT, _AT
)


def test_a_session_has_its_number_id_and_name_above_the_facts() -> None:
    head, below = sessions([_ENTRY], None).plain.split("\n")
    assert head == "1 bcdfg  How long should a loaf of bread cool before it is cut?"
    assert below.startswith("   2 questions · 2026-11-")
    assert below.endswith(" · default")


def test_a_cut_turn_shows_what_was_kept_of_it_and_why_no_more() -> None:
    turns = (turn("How long?"), partial_turn("On what?", _AT, "On a\x1b[2J rack", "The answer was cut."))
    shown = session(_ENTRY, turns, Path("/docs"), None).plain
    assert "> How long?\n   It cools for 45 minutes [1].\n[1] notes.md:7  .50  Baking › Cooling" in shown
    assert shown.endswith("> On what?\n   On a rack\nThe answer was cut.")


@pytest.mark.parametrize("width", [20, 40, 80])
def test_every_line_fits(width: int) -> None:
    turns = (turn("How long should it cool, and on what, and why does that matter at all?"),)
    for view in (sessions([_ENTRY], width), session(_ENTRY, turns, Path("/docs"), width)):
        assert max(cells(line) for line in view.plain.split("\n")) <= width
