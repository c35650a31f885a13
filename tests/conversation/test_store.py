"""Sessions are kept, found, gone on with, and really removed."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ragchat.conversation.store import Conversations, open_conversations
from ragchat.errors import StorageError, UsageError
from tests.conversation.turns import all_bytes, keep, turn
from tests.programs import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Begins a session, is asked, and streams; then it waits to be killed.
_STREAMING = """
import sys
from itertools import count
from pathlib import Path
from ragchat.conversation.store import open_conversations
session = open_conversations(Path(sys.argv[1]), sys.argv[2]).begin("default", count().__next__)
session.ask("How long does the loaf cool?")
session.hear("It cools ")
session.hear("for 45 ")
print(session.id, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def conversations(home: Path) -> Iterator[Conversations]:
    with closing(open_conversations(home)) as conversations:
        yield conversations


def test_a_session_comes_back_as_it_was(conversations: Conversations, home: Path) -> None:
    turns = (turn("How long does the loaf cool?"), turn("On what?", "On a rack — 冷却 [1]."))
    session = keep(conversations.begin("bread"), *turns)
    with closing(open_conversations(home)) as again:
        assert again.load(session.id) == turns
        (entry,) = again.list()
    assert (entry.name, entry.collection, entry.questions) == ("How long does the loaf cool?", "bread", 2)
    assert entry.began_at < entry.last_at <= datetime.now(UTC)


def test_an_empty_session_leaves_nothing_behind(conversations: Conversations) -> None:
    conversations.begin("default")
    conversations.begin("default").rename("a name alone")
    assert conversations.list() == ()


def test_the_latest_session_comes_first(conversations: Conversations) -> None:
    first, second = (keep(conversations.begin("default"), turn(name)) for name in ("one", "two"))
    assert [entry.id for entry in conversations.list()] == [second.id, first.id]
    keep(first, turn("three"))
    assert [entry.id for entry in conversations.list()] == [first.id, second.id]


def test_a_session_is_found_by_number_id_name_and_how_they_begin(conversations: Conversations) -> None:
    bread = keep(conversations.begin("default"), turn("How long does the loaf cool?"))
    tea = keep(conversations.begin("default"), turn("What is noon chai?"))
    conversations.rename(tea.id, "Tea  in\nKashmir")
    for text in ("2", bread.id, bread.id.upper(), "how long does the LOAF cool?", "How long"):
        assert conversations.find(text).id == bread.id, text
    for text in ("1", tea.id, "tea in kashmir", "tea"):
        assert conversations.find(text).name == "Tea in Kashmir", text


def test_who_means_no_session_is_told_the_nearest_name(conversations: Conversations) -> None:
    keep(conversations.begin("default"), turn("Tea in Kashmir"))
    with pytest.raises(UsageError, match=r"^There is no session Tee in Kashmir\.$") as refused:
        conversations.find("Tee in Kashmir")
    assert refused.value.hint == "Did you mean Tea in Kashmir?"
    for text in ("", "2", "0", "something else"):
        with pytest.raises(UsageError) as refused:
            conversations.find(text)
        assert refused.value.hint == "See them all: ragchat sessions list"


def test_who_means_two_sessions_is_told_their_ids(conversations: Conversations) -> None:
    ids = [keep(conversations.begin("default"), turn("The same question")).id for _ in range(2)]
    with pytest.raises(UsageError, match="2 sessions are meant") as refused:
        conversations.find("The same")
    assert all(one in refused.value.hint for one in ids)


@pytest.mark.parametrize("encryption", ["off", "file"])
def test_what_was_said_till_a_kill_is_there_and_marked_as_cut(home: Path, encryption: str) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", _STREAMING, str(home), encryption],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    session = child.stdout.readline().strip()
    child.kill()
    child.communicate(timeout=60)
    with closing(open_conversations(home)) as conversations:
        (entry,) = conversations.list()
        stored, (cut,) = conversations.resume(session)
        assert (entry.id, entry.questions) == (session, 1)
        assert (cut.question, cut.answer.text) == ("How long does the loaf cool?", "It cools for 45 ")
        assert cut.answer.completion.finish == "cut"
        assert cut.answer.notices == ("The answer was cut: ragchat was stopped while it came.",)
        keep(stored, turn("On what?"))
        assert [one.question for one in conversations.load(session)] == [cut.question, "On what?"]


def test_the_text_so_far_is_written_once_a_second(conversations: Conversations) -> None:
    now = [100.0]
    session = conversations.begin("default", lambda: now[0])
    session.ask("How long?")

    def kept() -> str:
        return conversations.load(session.id)[0].answer.text

    for after_s, text, expected in ((0.5, "It ", ""), (1.0, "cools ", "It cools "), (1.9, "for ", "It cools ")):
        now[0] = 100 + after_s
        session.hear(text)
        assert kept() == expected
    session.stop(keep_question=True)
    assert kept() == "It cools for "


def test_a_question_without_a_word_of_an_answer_stays_only_if_it_shall(conversations: Conversations) -> None:
    session = conversations.begin("default")
    for keep_question, questions in ((False, 0), (True, 1), (False, 1)):
        session.ask("How long?")
        session.stop(keep_question=keep_question)
        assert sum(entry.questions for entry in conversations.list()) == questions


def test_a_new_answer_takes_the_place_of_the_last_only_when_it_is_there(conversations: Conversations) -> None:
    session = keep(conversations.begin("default"), turn("How long?"))
    session.ask("How long?")
    session.hear("Half a new")
    assert conversations.load(session.id)[0] == turn("How long?")
    session.answer(turn("How long?", "An hour [1]."), replacing=True)
    assert [one.answer.text for one in conversations.load(session.id)] == ["An hour [1]."]


def test_two_processes_can_go_on_with_the_same_session(conversations: Conversations, home: Path) -> None:
    session = keep(conversations.begin("default"), turn("one"))
    with closing(open_conversations(home)) as others:
        other, _ = others.resume(session.id)
        keep(other, turn("two"))
        keep(session, turn("three"))
        other.undo()
        assert [one.question for one in others.load(session.id)] == ["one", "three"]


def test_a_removed_session_leaves_not_a_byte_in_the_home(conversations: Conversations, home: Path) -> None:
    secret = "Xanthippe" + " and a long tail" * 2000
    gone = keep(conversations.begin("default"), turn(f"Who is {secret}?", f"{secret} [1]."))
    gone.ask("And then?")
    gone.hear("Socrates")
    gone.stop(keep_question=True)
    conversations.rename(gone.id, "Sokrates' wife")
    stays = keep(conversations.begin("default"), turn("What is tea?"))
    assert b"Xanthippe" in all_bytes(home)
    conversations.remove(gone.id)
    for word in (b"Xanthippe", b"long tail", b"Socrates", b"Sokrates", b"And then"):
        assert word not in all_bytes(home), word
    assert conversations.load(stays.id) == (turn("What is tea?"),)


def test_a_turn_taken_away_leaves_not_a_byte_either(conversations: Conversations, home: Path) -> None:
    session = keep(conversations.begin("default"), turn("What is tea?"), turn("Who is Xanthippe?"))
    session.undo()
    assert b"Xanthippe" not in all_bytes(home)
    session.undo()
    assert conversations.list() == ()


def test_removing_forgets_what_was_answered_from_the_collection(home: Path) -> None:
    forgotten: list[str] = []
    with closing(open_conversations(home, forget=forgotten.append)) as conversations:
        for collection in ("bread", "tea", "tea"):
            session = keep(conversations.begin(collection), turn("What?"))
        conversations.remove(session.id)
        assert forgotten == ["tea"]
        assert conversations.remove_all() == 2
    assert sorted(forgotten) == ["bread", "tea", "tea"]


def test_a_removal_while_the_database_is_read_forgets_the_answers_and_the_next_one_empties_the_log(
    home: Path,
) -> None:
    forgotten: list[str] = []
    with (
        closing(open_conversations(home, forget=forgotten.append)) as conversations,
        closing(sqlite3.connect(home / "conversations.db", isolation_level=None)) as reader,
    ):
        keep(conversations.begin("bread"), turn("Who is Xanthippe?"))
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM turns").fetchall()
        with pytest.raises(StorageError, match="its log still holds it"):
            conversations.remove_all()
        assert forgotten == ["bread"]
        reader.execute("COMMIT")
        assert b"Xanthippe" in all_bytes(home)
        assert conversations.remove_all() == 0
        assert b"Xanthippe" not in all_bytes(home)


def test_sessions_are_removed_by_age(conversations: Conversations, home: Path) -> None:
    old, new = (keep(conversations.begin("default"), turn(name)) for name in ("old", "new"))
    before = (datetime.now(UTC) - timedelta(days=8)).isoformat()
    with closing(sqlite3.connect(home / "conversations.db")) as connection, connection:
        connection.execute("UPDATE sessions SET last_at = ? WHERE id = ?", (before, old.id))
    assert conversations.remove_older_than(9) == 0
    assert conversations.remove_older_than(7) == 1
    assert [entry.id for entry in conversations.list()] == [new.id]


def test_a_damaged_time_is_told_in_a_sentence(conversations: Conversations, home: Path) -> None:
    keep(conversations.begin("default"), turn("one"))
    with closing(sqlite3.connect(home / "conversations.db")) as connection, connection:
        connection.execute("UPDATE sessions SET last_at = 'yesterday'")
    with pytest.raises(StorageError, match="The time of a session cannot be read: Invalid isoformat"):
        conversations.list()


def test_a_removed_session_is_written_to_no_more(conversations: Conversations) -> None:
    session = keep(conversations.begin("default"), turn("one"))
    session.ask("two")
    conversations.remove(session.id)
    with pytest.raises(StorageError, match="removed meanwhile"):
        session.answer(turn("two"), replacing=False)
    with pytest.raises(UsageError, match="There is no session"):
        conversations.remove(session.id)
    assert conversations.list() == ()


def test_a_turn_that_is_damaged_says_so_and_the_others_can_be_read(
    conversations: Conversations, home: Path
) -> None:
    session = keep(conversations.begin("default"), turn("one"), turn("two"), turn("three"))
    with closing(sqlite3.connect(home / "conversations.db")) as connection, connection:
        connection.execute("UPDATE turns SET payload = ? WHERE number = 1", (b'{"version": 1, "turn": {}}',))
        connection.execute("UPDATE turns SET payload = ? WHERE number = 2", (b'{"version": 2, "turn": {}}',))
    damaged, newer, whole = conversations.load(session.id)
    assert (damaged.question, damaged.answer.notices) == ("one", ("The answer that was kept here is damaged.",))
    assert newer.answer.notices[0].startswith("Another ragchat kept this answer")
    assert whole == turn("three")


def test_only_the_owner_can_read_what_is_kept(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with closing(open_conversations(tmp_path / "home", "file")) as conversations:
            keep(conversations.begin("default"), turn("one"))
            modes = {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "home").iterdir()}
    finally:
        os.umask(before)
    assert modes == {0o600}
