"""Collections, the documents asked among them, and what it all took."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.programs import Program


def test_a_collection_is_made_filled_asked_listed_and_removed(ragchat: Program, folder: Path) -> None:
    assert ragchat("collection", "create", "food", "--embedder", "bundled").out == "food created\n"
    ragchat("ingest", ".", "--collection", "food")
    assert "an hour" in ragchat("ask", "How long should a loaf cool?", "--collection", "food").out
    assert ragchat("ask", "How long should a loaf cool?").status == 3
    (row,) = ragchat("collection", "list", "--json").result["collections"]
    assert (row["name"], row["documents"], row["path"]) == ("food", 2, None)
    assert row["embedder"].startswith("bundled/")
    assert [
        row["source"] for row in ragchat("docs", "list", "--collection", "food", "--json").result["documents"]
    ] == [
        "bread.md",
        "tea.txt",
    ]
    assert ragchat("collection", "remove", "food").out == "food removed\n"
    assert ragchat("collection", "list", "--json").result["collections"] == []
    assert list((folder.parent / "home" / "collections").glob("food*")) == []


def test_two_collections_know_nothing_of_each_other(ragchat: Program) -> None:
    ragchat("ingest", "bread.md", "--collection", "bread")
    ragchat("ingest", "tea.txt", "--collection", "tea")
    passages = ragchat("search", "pink tea or bread", "--collection", "tea", "--json").result["passages"]
    assert {row["source"] for row in passages} == {"tea.txt"}


def test_a_folder_that_docs_keeps_is_listed_with_its_path(ragchat: Program) -> None:
    ragchat("search", "tea", "--docs", "tea.txt")
    (row,) = ragchat("collection", "list", "--json").result["collections"]
    assert row["path"] == "tea.txt"
    assert "--docs tea.txt" in ragchat("collection", "list").out


def test_an_unknown_collection_gets_the_nearest_name(ragchat: Program) -> None:
    ragchat("ingest", ".", "--collection", "recipes")
    for command in (("ask", "x", "--collection", "recipe"), ("collection", "remove", "recipe")):
        ran = ragchat(*command, "--json")
        assert ran.status == 2
        assert ran.error["hint"] == "Did you mean recipes?"


def test_names_that_are_no_names_are_refused(ragchat: Program, folder: Path) -> None:
    for name in ("../escape", "a/b", "", ".hidden", "x" * 64):
        assert ragchat("collection", "create", name).status == 2
    assert not (folder.parent / "escape").exists()
    ragchat("collection", "create", "twice")
    assert ragchat("collection", "create", "twice", "--json").error["message"].startswith("There is a collection")


def test_docs_and_collection_together_are_refused(ragchat: Program) -> None:
    assert ragchat("ask", "x", "--docs", ".", "--collection", "food").status == 2


def test_source_asks_only_the_documents_that_match(ragchat: Program) -> None:
    ragchat("ingest", ".")
    for pattern in ("tea.txt", "*.txt", "*/work/*.txt"):
        passages = ragchat("search", "bread and tea", "--source", pattern, "--json").result["passages"]
        assert {row["source"] for row in passages} == {"tea.txt"}, pattern
    asked = ragchat("ask", "How long should a loaf cool?", "--source", "*.md", "--json").result
    assert {row["source"] for row in asked["passages"]} == {"bread.md"}
    none = ragchat("ask", "x", "--source", "*.pdf", "--json")
    assert none.status == 2
    assert none.error["message"] == "No indexed document matches *.pdf."


def test_usage_adds_up_the_questions_that_were_asked(ragchat: Program) -> None:
    assert "No question has been asked yet." in ragchat("usage").err
    ragchat("ingest", ".")
    ragchat("ask", "What is noon chai?")
    ragchat("ask", "How long should a loaf cool?")
    result = ragchat("usage", "--json").result
    rows = {row["provider"]: row for row in result["rows"]}
    assert rows["extractive"]["requests"] == 2
    assert rows["extractive"]["cost_usd"] == 0
    assert rows["groq"] == {
        "provider": "groq",
        "requests": 0,
        "skipped": 2,
        "failed": 0,
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "cost_usd": None,
        "unknown_costs": 0,
        "cached": 0,
        "saved_usd": None,
    }
    assert re.search(r"^extractive +2 requests +free$", ragchat("usage").out, re.MULTILINE)
    models = ragchat("usage", "--by", "model", "--json").result["rows"]
    assert ("extractive", "extractive") in [(row["provider"], row["model"]) for row in models]
    assert len(ragchat("usage", "--by", "day", "--json").result["rows"]) == 1


def test_a_damaged_collection_is_listed_as_such_and_can_be_removed(ragchat: Program, folder: Path) -> None:
    ragchat("ingest", ".", "--collection", "sound")
    ragchat("ingest", ".", "--collection", "spoilt")
    index = folder.parent / "home" / "collections" / "spoilt" / "index.db"
    index.write_bytes(b"no database " * 1000)
    rows = {row["name"]: row for row in ragchat("collection", "list", "--json").result["collections"]}
    assert (rows["sound"]["damaged"], rows["spoilt"]["damaged"]) == (False, True)
    ran = ragchat("search", "tea", "--collection", "spoilt", "--json")
    assert ran.error["kind"] == "index_damaged"
    assert "ragchat collection remove spoilt" in ran.error["hint"]
    assert ragchat("collection", "remove", "spoilt").status == 0
    assert ragchat("search", "tea", "--collection", "sound").status == 0
