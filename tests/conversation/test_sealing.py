"""What is kept is encrypted when that is asked, and nothing is lost on the way."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ragchat.conversation.store import open_conversations
from ragchat.errors import StorageError, UsageError
from tests.conversation.turns import all_bytes, keep, turn
from tests.storage.test_database import together

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.synchronize import Barrier
    from pathlib import Path

    from ragchat.core.choices import EncryptionChoice

_KINDS: tuple[EncryptionChoice, ...] = ("off", "file", "passphrase")


def typed(passphrase: str) -> Callable[[bool], str]:
    return lambda _new: passphrase


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def _fill(home: Path, kind: EncryptionChoice) -> str:
    with closing(open_conversations(home, kind, typed("open sesame"))) as conversations:
        return keep(conversations.begin("default"), turn("Who is Xanthippe?"), turn("On what rack?")).id


@pytest.mark.parametrize("kind", ["file", "passphrase"])
def test_nothing_of_an_encrypted_session_can_be_read_from_the_files(home: Path, kind: EncryptionChoice) -> None:
    session = _fill(home, kind)
    for word in (b"Xanthippe", b"rack", b"cools", b"notes.md"):
        assert word not in all_bytes(home), word
    with closing(open_conversations(home, kind, typed("open sesame"))) as conversations:
        assert conversations.load(session) == (turn("Who is Xanthippe?"), turn("On what rack?"))
        assert conversations.find("Who is X").id == session
        assert conversations.notices == ()


@pytest.mark.parametrize(("before", "after"), [(a, b) for a in _KINDS for b in _KINDS if a != b])
def test_what_was_kept_one_way_is_kept_another_from_then_on(
    home: Path, before: EncryptionChoice, after: EncryptionChoice
) -> None:
    session = _fill(home, before)
    with closing(open_conversations(home, after, typed("open sesame"), loosen=True)) as conversations:
        done = "decrypted, and are kept readable from now on" if after == "off" else "encrypted"
        assert conversations.notices == (f"The conversations kept so far were {done}.",)
        assert len(conversations.load(session)) == 2
    assert (b"Xanthippe" in all_bytes(home)) == (after == "off")
    with closing(open_conversations(home, after, typed("open sesame"))) as conversations:
        assert conversations.notices == ()
        assert conversations.load(session)[0] == turn("Who is Xanthippe?")


@pytest.mark.parametrize(("kind", "laxer"), [("file", "off"), ("passphrase", "off"), ("passphrase", "file")])
def test_without_leave_to_loosen_it_the_encryption_stays(
    home: Path, kind: EncryptionChoice, laxer: EncryptionChoice
) -> None:
    session = _fill(home, kind)
    with closing(open_conversations(home, laxer, typed("open sesame"))) as conversations:
        assert conversations.encrypted
        assert conversations.notices == ()
        assert len(conversations.load(session)) == 2
    assert list(home.glob("*.key")) == [home / "conversations.key"] * (kind == "file")
    assert b"Xanthippe" not in all_bytes(home)


def test_a_wrong_passphrase_is_refused_and_nothing_is_touched(home: Path) -> None:
    _fill(home, "passphrase")
    before = all_bytes(home)
    for kind in _KINDS:
        with pytest.raises(UsageError, match="not the passphrase"):
            open_conversations(home, kind, typed("open barley"), loosen=True)
    with pytest.raises(UsageError, match="nobody can be asked"):
        open_conversations(home)
    assert all_bytes(home) == before


def test_an_empty_passphrase_is_refused(home: Path) -> None:
    with pytest.raises(UsageError, match="An empty passphrase"):
        open_conversations(home, "passphrase", typed(""))


def test_a_passphrase_is_asked_for_once_and_told_to_be_new_or_not(home: Path) -> None:
    asked: list[bool] = []

    def ask(new: bool) -> str:
        asked.append(new)
        return "open sesame"

    for _ in range(2):
        open_conversations(home, "passphrase", ask).close()
    assert asked == [True, False]


@pytest.mark.parametrize("damage", [None, b"short", b"x" * 32])
def test_a_key_that_is_gone_or_another_one_is_refused(home: Path, damage: bytes | None) -> None:
    _fill(home, "file")
    key = home / "conversations.key"
    before = (home / "conversations.db").read_bytes()
    if damage is None:
        key.unlink()
    else:
        key.write_bytes(damage)
    for kind in _KINDS:
        with pytest.raises(StorageError, match=r"conversations\.key"):
            open_conversations(home, kind, typed("open sesame"), loosen=True)
    assert (home / "conversations.db").read_bytes() == before


def test_rows_cannot_be_put_in_each_others_place(home: Path) -> None:
    session = _fill(home, "file")
    with closing(sqlite3.connect(home / "conversations.db")) as connection, connection:
        connection.execute("UPDATE turns SET payload = (SELECT payload FROM turns WHERE number = 2)")
    with closing(open_conversations(home)) as conversations:
        moved, own = conversations.load(session)
    assert moved.question == "Who is Xanthippe?"
    assert "cannot be decrypted" in moved.answer.notices[0]
    assert own == turn("On what rack?")


def test_one_who_writes_while_another_encrypts_writes_nothing_readable(home: Path) -> None:
    with closing(open_conversations(home)) as mine:
        session = keep(mine.begin("default"), turn("What is tea?"))
        open_conversations(home, "file").close()
        with pytest.raises(StorageError, match="changed how the conversations are encrypted"):
            session.ask("Who is Xanthippe?")
    assert b"Xanthippe" not in all_bytes(home)


def open_and_write(home: Path, barrier: Barrier, number: int) -> None:
    barrier.wait(60)
    # It takes a while to make a key of a passphrase: all of them begin before the first has done.
    with closing(open_conversations(home, "passphrase", typed("open sesame"))) as conversations:
        for question in range(5):
            keep(conversations.begin("default"), turn(f"Question {question} of {number}"))


def test_processes_that_encrypt_at_the_same_moment_agree_on_the_key(home: Path) -> None:
    _fill(home, "off")
    assert together(open_and_write, home, 3) == [0] * 3
    with closing(open_conversations(home, ask_passphrase=typed("open sesame"))) as conversations:
        entries = conversations.list()
        turns = [one for entry in entries for one in conversations.load(entry.id)]
    assert (len(entries), len(turns)) == (16, 17)
    assert all(one == turn(one.question) for one in turns)
    assert b"Question" not in all_bytes(home)
