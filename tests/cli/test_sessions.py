"""Conversations are kept, gone on with and removed, as processes on real files."""

from __future__ import annotations

import json
import re
import stat
from typing import TYPE_CHECKING

import pexpect
import pytest

from tests.conversation.turns import all_bytes
from tests.programs import RAGCHAT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.programs import Program


@pytest.fixture
def home(folder: Path) -> Path:
    return folder.parent / "home"


@pytest.fixture
def talked(ragchat: Program) -> Program:
    """The program, after a conversation of two questions."""
    ragchat("ingest", ".")
    assert ragchat("chat", stdin="What is noon chai?\nWhen is it drunk?\n").status == 0
    return ragchat


def _listed(program: Program) -> list[dict[str, object]]:
    sessions: list[dict[str, object]] = program("sessions", "list", "--json").result["sessions"]
    return sessions


def test_a_conversation_is_listed_and_shown_with_its_sources(talked: Program) -> None:
    (entry,) = _listed(talked)
    assert (entry["name"], entry["questions"], entry["collection"]) == ("What is noon chai?", 2, "default")
    assert re.search(rf"^1 {entry['id']}  What is noon chai\?\n   2 questions · ", talked("sessions", "list").out)
    shown = talked("sessions", "show", "1").out
    assert "> When is it drunk?" in shown
    assert "[1] tea.txt:1" in shown
    assert "Searched for: What is noon chai? When is it drunk?" in shown


def test_a_question_that_was_asked_alone_is_kept_nowhere(ragchat: Program) -> None:
    ragchat("ingest", ".")
    ragchat("ask", "What is noon chai?")
    assert _listed(ragchat) == []
    assert ragchat("sessions", "list").err == "No conversation is kept yet.\n"


def test_a_conversation_is_gone_on_with(talked: Program) -> None:
    ran = talked("chat", "--continue", stdin="And what is its colour?\n")
    assert "Going on with “What is noon chai?”, 2 questions." in ran.err
    assert "Searched for: " in ran.err, "it follows from what was said before"
    talked("chat", stdin="How long should a loaf cool?\n")
    talked("chat", "--resume", "What is noon", stdin="Who drinks it?\n")
    assert [(entry["name"], entry["questions"]) for entry in _listed(talked)] == [
        ("What is noon chai?", 4),
        ("How long should a loaf cool?", 1),
    ]


def test_a_conversation_about_a_collection_is_gone_on_with_there(ragchat: Program) -> None:
    ragchat("ingest", ".")
    ragchat("ingest", "tea.txt", "--collection", "tea")
    ragchat("chat", "--collection", "tea", stdin="What is noon chai?\n")
    assert ragchat("chat", "--continue", stdin="When is it drunk?\n").status == 0
    assert [(entry["collection"], entry["questions"]) for entry in _listed(ragchat)] == [("tea", 2)]
    refused = ragchat("chat", "--continue", "--collection", "default")
    assert refused.status == 2
    assert "about another collection, tea" in refused.err


def test_what_cannot_be_gone_on_with_is_refused_with_a_cure(ragchat: Program) -> None:
    ragchat("ingest", ".")
    assert "Begin one: ragchat chat" in ragchat("chat", "--continue").err
    assert "There is no session x" in ragchat("chat", "--resume", "x").err
    assert "Leave one of them out." in ragchat("chat", "--continue", "--resume", "x").err
    assert "RAGCHAT_CONVERSATIONS=keep" in ragchat("chat", "--continue", RAGCHAT_CONVERSATIONS="off").err


def test_where_conversations_are_not_kept_none_is(ragchat: Program, home: Path) -> None:
    ragchat("ingest", ".")
    assert ragchat("chat", stdin="What is noon chai?\n", RAGCHAT_CONVERSATIONS="off").status == 0
    assert list(home.glob("conversations*")) == []


def test_a_session_is_renamed_and_found_by_its_name(talked: Program) -> None:
    assert talked("sessions", "rename", "1", "Tea\x1b[2J in Kashmir").out.endswith("is called Tea in Kashmir\n")
    assert talked("sessions", "show", "tea").out.startswith("Tea in Kashmir\n")
    refused = talked("sessions", "rename", "1", " ", "--json")
    assert (refused.status, refused.error["hint"]) == (2, "Type a name.")


def test_an_export_is_markdown_or_json_that_holds_everything(talked: Program, folder: Path) -> None:
    markdown = talked("sessions", "export", "1").out
    assert markdown.startswith("# What is noon chai?\n\ndefault · ")
    assert "\n## When is it drunk?\n" in markdown
    assert "\n- [1] tea.txt:1" in markdown
    whole = talked("sessions", "export", "1", "--json").result
    assert (whole["format"], whole["version"], len(whole["turns"])) == ("ragchat session", 1, 2)
    written = talked("sessions", "export", "1", "--json", "-o", "tea.json").result
    assert written["file"] == "tea.json"
    assert json.loads((folder / "tea.json").read_text("utf-8")) == whole
    assert stat.S_IMODE((folder / "tea.json").stat().st_mode) == 0o600
    assert talked("sessions", "export", "1", "-o", "tea.md").out.endswith("exported to tea.md\n")
    assert (folder / "tea.md").read_text("utf-8") == markdown
    assert talked("sessions", "export", "1", "-o", "nowhere/tea.md").status == 1


def test_a_removed_session_leaves_nothing_of_its_questions(talked: Program, home: Path) -> None:
    assert b"When is it drunk?" in all_bytes(home)
    assert talked("sessions", "remove", "1").out == "1 session removed\n"
    assert b"When is it drunk?" not in all_bytes(home)
    assert _listed(talked) == []


def test_sessions_are_removed_one_way_at_a_time(talked: Program) -> None:
    for arguments in ((), ("1", "--all"), ("--all", "--older-than", "3")):
        assert talked("sessions", "remove", *arguments).status == 2
    assert talked("sessions", "remove", "--older-than", "1", "--json").result == {"removed": 0}
    assert talked("sessions", "remove", "--older-than", "36500", "--json").result == {"removed": 0}
    assert "the most is 36500." in talked("sessions", "remove", "--older-than", "99999999").err
    talked("chat", stdin="What is noon chai?\n")
    assert talked("sessions", "remove", "--all").out == "2 sessions removed\n"


def test_conversations_are_encrypted_from_when_it_is_asked(talked: Program, home: Path) -> None:
    ran = talked("chat", "--continue", stdin="Who drinks it?\n", RAGCHAT_ENCRYPTION="file")
    assert "The conversations kept so far were encrypted." in ran.err
    assert b"noon chai?" not in all_bytes(home)
    assert _listed(talked)[0]["questions"] == 3
    assert talked("sessions", "list", RAGCHAT_ENCRYPTION="off").err.startswith(
        "The conversations kept so far were decrypted"
    )
    assert b"noon chai?" in all_bytes(home)


def test_a_dotenv_decrypts_nothing(talked: Program, home: Path, folder: Path) -> None:
    talked("sessions", "list", RAGCHAT_ENCRYPTION="file")
    (folder / ".env").write_text("RAGCHAT_ENCRYPTION=off\n")
    assert len(_listed(talked)) == 1
    assert b"noon chai?" not in all_bytes(home)


def test_a_wrong_passphrase_refuses_the_chat_and_the_list(talked: Program) -> None:
    right = {"RAGCHAT_ENCRYPTION": "passphrase", "RAGCHAT_PASSPHRASE": "open sesame"}
    assert talked("sessions", "list", **right).status == 0
    for passphrase in ("", "open barley"):
        for command in (("chat",), ("sessions", "list")):
            assert talked(*command, RAGCHAT_PASSPHRASE=passphrase).status == 2
    assert talked("sessions", "show", "1", **right).out.startswith("What is noon chai?")


def test_a_passphrase_is_typed_at_the_terminal_and_a_new_one_twice(talked: Program, folder: Path) -> None:
    def listed(*lines: tuple[str, str]) -> str:
        variables = talked.variables({"RAGCHAT_ENCRYPTION": "passphrase", "TERM": "xterm", "COLUMNS": "80"})
        child = pexpect.spawn(
            str(RAGCHAT), ["sessions", "list"], cwd=str(folder), env=variables, encoding="utf-8", timeout=60
        )
        for asked, typed in lines:
            child.expect_exact(asked)
            child.sendline(typed)
        child.expect(pexpect.EOF)
        child.close()
        return str(child.before)

    new, again = "New passphrase for your conversations: ", "The same again: "
    said = listed((new, "sesame"), (again, "barley"), (new, "sesame"), (again, "sesame"))
    assert "What is noon chai?" in said
    assert "sesame" not in said
    assert "What is noon chai?" in listed(("Passphrase of your conversations: ", "sesame"))
    assert "not the passphrase" in listed(("Passphrase of your conversations: ", "barley"))


def test_a_damaged_store_costs_the_store_and_not_the_chat(talked: Program, home: Path) -> None:
    (home / "conversations.db").write_bytes(b"no database " * 1000)
    ran = talked("chat", stdin="What is noon chai?\n")
    assert ran.status == 0
    assert "This conversation is not kept. Cannot open " in ran.err
    assert "pink tea" in ran.out
    assert talked("chat", "--continue").status == 1
    found = {one["name"]: one for one in talked("doctor", "--json").result["findings"]}
    assert found["conversations"]["state"] == "problem"
