"""Documents leave the index by name or by glob, and a person is asked first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pexpect
import pytest

from tests.programs import RAGCHAT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.programs import Program


@pytest.fixture
def indexed(ragchat: Program, folder: Path) -> Program:
    """Two documents of its own and two in a folder."""
    (folder / "notes").mkdir()
    for name in ("a", "b"):
        (folder / "notes" / f"{name}.md").write_text(f"Notes of {name}.\n")
    ragchat("ingest", ".")
    return ragchat


def _left(program: Program) -> list[str]:
    return [row["source"] for row in program("docs", "list", "--json").result["documents"]]


@pytest.mark.parametrize("glob", ["notes/*.md", "[ab].md", "notes/?.md"])
def test_a_glob_removes_what_it_matches_and_says_how_many(indexed: Program, glob: str) -> None:
    ran = indexed("docs", "remove", glob)
    assert (ran.status, ran.out) == (0, "2 documents removed\n")
    assert _left(indexed) == ["bread.md", "tea.txt"]


def test_names_and_globs_go_together(indexed: Program) -> None:
    assert sorted(indexed("docs", "remove", "tea.txt", "*.md", "--json").result["removed"]) == [
        *("bread.md", "notes/a.md", "notes/b.md", "tea.txt"),
    ]


def test_a_glob_that_matches_nothing_removes_nothing(indexed: Program) -> None:
    ran = indexed("docs", "remove", "tea.txt", "*.pdf")
    assert (ran.status, ran.err) == (
        2,
        "error: No indexed document matches *.pdf.\nhint: See them all: ragchat docs list\n",
    )
    assert len(_left(indexed)) == 4


def test_a_name_that_looks_like_a_glob_is_a_name_first(indexed: Program, folder: Path) -> None:
    (folder / "notes" / "[ab].md").write_text("Notes of brackets.\n")
    indexed("ingest", ".")
    indexed("docs", "remove", "notes/[ab].md")
    assert _left(indexed) == ["bread.md", "notes/a.md", "notes/b.md", "tea.txt"]


@pytest.mark.parametrize(
    ("arguments", "typed", "left"),
    [(("*.md",), "\r", 4), (("*.md",), "y\r", 1), (("*.md", "--yes"), "", 1), (("bread.md",), "", 3)],
)
def test_on_a_terminal_what_a_glob_matches_is_asked_for(
    indexed: Program, arguments: tuple[str, ...], typed: str, left: int
) -> None:
    child = pexpect.spawn(
        str(RAGCHAT),
        ["docs", "remove", *arguments],
        cwd=str(indexed.folder),
        env=indexed.variables({"TERM": "xterm"}),
        encoding="utf-8",
        timeout=60,
    )
    if typed:
        child.expect_exact("Remove 3 documents?")
        child.send(typed)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == (130 if left == 4 else 0)
    assert len(_left(indexed)) == left
