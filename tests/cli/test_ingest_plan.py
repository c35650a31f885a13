"""`ragchat ingest --dry-run` and `--no-prune`: what would be done, and what stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.index.doubles import child, finished

if TYPE_CHECKING:
    from pathlib import Path

    from tests.programs import Program


def test_a_dry_run_lists_what_would_be_done(ragchat: Program, folder: Path) -> None:
    ragchat("ingest", ".")
    (folder / "bread.md").write_text("# Bread\n\nNow with rye.\n")
    (folder / "tea.txt").unlink()
    (folder / "new.txt").write_text("Something new.\n")
    ran = ragchat("ingest", ".", "--dry-run")
    assert ran.status == 0
    assert ran.out == (
        "1 to add · 1 to read again · 0 unchanged · 1 to remove · 0 skipped\n"
        "add: new.txt 15 B\n"
        "read again: bread.md 23 B\n"
        "remove: tea.txt: it is gone\n"
    )
    assert ragchat("ingest", ".", "--dry-run", "--json").result == {
        "dry_run": True,
        "rebuild": False,
        "added": ["new.txt"],
        "changed": ["bread.md"],
        "unchanged": [],
        "removed": ["tea.txt"],
        "skipped": [],
    }
    report = ragchat("ingest", ".", "--json").result
    assert (report["added"], report["changed"], report["removed"]) == (["new.txt"], ["bread.md"], ["tea.txt"])


def test_a_dry_run_changes_nothing_and_makes_nothing(ragchat: Program, folder: Path) -> None:
    assert ragchat("ingest", ".", "--dry-run", "--json").result["added"] == ["bread.md", "tea.txt"]
    assert not (folder.parent / "home").exists()
    ragchat("ingest", ".")
    (folder / "tea.txt").unlink()
    before = ragchat("index", "status", "--json").result
    ragchat("ingest", ".", "--dry-run")
    assert ragchat("index", "status", "--json").result == before


def test_a_dry_run_waits_for_nobody(ragchat: Program, folder: Path) -> None:
    ragchat("ingest", ".")
    holder = child("hold", folder.parent / "home" / "collections" / "default")
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    assert ragchat("ingest", ".", "--dry-run", "--json").result["unchanged"] == ["bread.md", "tea.txt"]
    finished(holder)


def test_a_dry_run_says_which_skipped_files_would_leave(ragchat: Program, folder: Path) -> None:
    ragchat("ingest", ".")
    (folder / ".ragchatignore").write_text("tea*\nsoup*\n")
    (folder / "soup.md").write_text("Joumou.\n")
    assert ragchat("ingest", ".", "--dry-run", "--json").result["skipped"] == [
        {"source": "soup.md", "reason": "ignored", "indexed": False},
        {"source": "tea.txt", "reason": "ignored", "indexed": True},
    ]
    assert "skip: tea.txt: ignored; it leaves the index\n" in ragchat("ingest", ".", "--dry-run").out


def test_a_dry_run_of_a_path_that_is_not_there_is_refused(ragchat: Program) -> None:
    assert ragchat("ingest", "nowhere", "--dry-run").status == 2


def test_with_an_encoding_every_file_would_be_read_again(ragchat: Program) -> None:
    ragchat("ingest", ".")
    planned = ragchat("ingest", ".", "--dry-run", "--encoding", "cp1252", "--json").result
    assert planned["changed"] == ["bread.md", "tea.txt"]


def test_without_prune_what_is_gone_stays_until_it_is_pruned(ragchat: Program, folder: Path) -> None:
    ragchat("ingest", ".")
    (folder / "tea.txt").unlink()
    assert ragchat("ingest", ".", "--no-prune", "--dry-run", "--json").result["removed"] == []
    assert ragchat("ingest", ".", "--no-prune", "--json").result["removed"] == []
    assert "pink tea" in ragchat("search", "pink tea").out
    assert ragchat("ingest", ".", "--prune", "--json").result["removed"] == ["tea.txt"]
