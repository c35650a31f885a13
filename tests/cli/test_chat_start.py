"""The start of a chat in a real terminal: the prompt comes first, and gives way to what needs a person."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from ragchat.terminal.history import OwnerOnlyHistory
from tests.programs import RAGCHAT, Program
from tests.terminal.window import Window, window

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def _chat(ragchat: Program, *options: str, **variables: str) -> Iterator[Window]:
    given = ragchat.variables(variables)
    # The window has no folder of its own: the shell goes there.
    command = ("/bin/sh", "-c", 'cd "$0" && exec "$@"', str(ragchat.folder), str(RAGCHAT), "chat", *options)
    with window(command, 80, 24, **given) as chat:
        chat.shows("lists the commands")
        yield chat


def test_the_first_chat_offers_to_ingest_and_keeps_what_was_typed(ragchat: Program, folder: Path) -> None:
    with _chat(ragchat) as chat:
        chat.type("How long should a loaf cool?")
        chat.shows("Ingest this folder,")
        chat.until(lambda _: not any(line.startswith("> ") for line in chat.visible()))
        chat.type("y\r")
        chat.shows("added")
        chat.shows("> How long should a loaf cool?")
        chat.type("\r")
        chat.shows("an hour")


def test_keys_and_history_come_from_the_settings(ragchat: Program) -> None:
    ragchat("ingest", ".")
    home = ragchat.folder.parent / "home"
    OwnerOnlyHistory(home / "history").append_string("asked before")
    with _chat(ragchat, RAGCHAT_EDITING="vi") as chat:
        chat.type("typed at once")
        chat.shows("vi: insert")
        chat.shows("> typed at once")
        chat.type("\x1b[A")
        chat.shows("> asked before")


@pytest.mark.parametrize(
    ("options", "variables", "said", "status"),
    [
        (("--collection", "none"), {}, "There is no collection called none.", 2),
        ((), {"RAGCHAT_EDITING": "ed"}, "It must be emacs or vi.", 7),
    ],
)
def test_a_chat_that_cannot_begin_ends_with_its_reason(
    ragchat: Program, options: tuple[str, ...], variables: dict[str, str], said: str, status: int
) -> None:
    with _chat(ragchat, *options, **variables) as chat:
        chat.shows(said)
        chat.program.wait()
        assert chat.program.exitstatus == status


def test_where_conversations_are_encrypted_what_is_typed_is_written_nowhere(ragchat: Program) -> None:
    ragchat("ingest", ".")
    home = ragchat.folder.parent / "home"
    with _chat(ragchat, RAGCHAT_ENCRYPTION="file") as chat:
        chat.shows("2 documents")
        chat.type("How long should the secret loaf cool?\r")
        chat.shows("an hour")
        chat.type("\x1b[A")
        chat.until(lambda lines: lines.count("> How long should the secret loaf cool?") == 2)
        chat.type("\x15\x04")
        chat.ended(0)
    assert not (home / "history").exists()
    assert not any(b"secret loaf" in file.read_bytes() for file in home.rglob("*") if file.is_file())
