"""A document, a file name, a model and a question full of escape sequences, shown in a real terminal."""

from __future__ import annotations

import os
import re
from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from ragchat.language.unseen import UNSEEN
from tests.programs import RAGCHAT
from tests.servers import groq
from tests.terminal.escapes import text_of
from tests.terminal.hostile import SEQUENCES
from tests.terminal.window import window

if TYPE_CHECKING:
    from tests.programs import Program
    from tests.servers.groq import GroqServer
    from tests.servers.wire import Wire

_ALL = "".join(f"loaf{sequence} cools " for sequence in SEQUENCES)
_NAMES = ("loaf\x1b]0;evil\x07\u202e.md", os.fsdecode(b"loaf\x1b]0;evil\x07\xff.md"))
_QUESTION = "How long \x1b]0;evil\x07should \u202ea loaf cool?"


@pytest.fixture
def attacked(ragchat: Program, groq_server: GroqServer) -> Program:
    """The program beside a hostile file, with a hostile model, after a conversation with it."""
    for name in _NAMES:
        (ragchat.folder / name).write_text(f"# Loaf {_ALL}\n\nA loaf cools for an hour. {_ALL}\n", "utf-8")
    ragchat.environment.update(
        GROQ_API_KEY=groq.KEY, GROQ_BASE_URL=groq_server.url, RAGCHAT_CLOUD="allow", RAGCHAT_LINKS="file"
    )
    assert ragchat("ingest", ".").status == 0
    groq_server.then(groq.broken(_letter_by_letter, "A"))
    assert ragchat("chat", stdin=f"{_QUESTION}\n").status == 0
    groq_server.then(groq.broken(_letter_by_letter, "A"))
    return ragchat


@pytest.mark.parametrize(
    "arguments",
    [
        ("ask", _QUESTION),
        ("search", _QUESTION),
        ("docs", "list"),
        ("docs", "show", _NAMES[0]),
        ("sessions", "list"),
        ("sessions", "show", "1"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_terminal_is_given_visible_text_and_our_own_signs(attacked: Program, arguments: tuple[str, ...]) -> None:
    command = ("/bin/sh", "-c", 'cd "$0" && exec "$@"', str(attacked.folder), str(RAGCHAT), *arguments)
    raw = BytesIO()
    with window(command, 80, 24, **attacked.variables()) as shown:
        shown.program.logfile_read = raw
        shown.until(lambda _: not shown.program.isalive())
        shown.program.wait()
    assert shown.program.exitstatus == 0
    sent = raw.getvalue().decode().replace("\r\n", "\n")
    assert "loaf" in text_of(sent)
    assert not re.search("52;c|\x1b\\](?!8;)", sent), "neither the clipboard nor the title"


@pytest.mark.parametrize(
    "arguments",
    [("ask", _QUESTION), ("search", _QUESTION), ("docs", "list"), ("sessions", "show", "1")],
    ids=lambda arguments: arguments[0],
)
def test_json_escapes_what_nobody_sees(attacked: Program, arguments: tuple[str, ...]) -> None:
    ran = attacked(*arguments, "--json")
    assert ran.result
    assert re.findall(f"[{UNSEEN}]", ran.out + ran.err) == []


def _letter_by_letter(wire: Wire) -> None:
    for character in f"A loaf cools for an hour [1]. {_ALL}":
        wire.piece(groq.word(wire, character))
