"""The pages of help: they are true, and they can be read anywhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from typer.main import get_command_name

from ragchat import errors
from ragchat.cli.examples import EXAMPLES
from ragchat.cli.main import app
from ragchat.cli.run import READER_GONE
from ragchat.terminal.cells import cells
from tests.programs import ROOT, Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import typer

# It fetches 79 MB.
FAR = "ragchat embedder install minilm"


def _commands(group: typer.Typer, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for info in group.registered_commands:
        assert info.callback is not None
        yield (*path, info.name or get_command_name(info.callback.__name__))
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        yield from _commands(inner.typer_instance, (*path, inner.name or ""))


COMMANDS = sorted(_commands(app))
PAGES = [(), *COMMANDS, *sorted({path[:1] for path in COMMANDS if len(path) > 1})]


@pytest.fixture(scope="module")
def kitchen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample data, indexed, and questions to measure with."""
    folder = tmp_path_factory.mktemp("kitchen") / "work"
    shutil.copytree(ROOT / "data", folder / "data")
    (folder / "documents.jsonl").write_text(json.dumps({"id": "1", "title": "Tea", "text": "Mint tea is green."}))
    (folder / "questions.jsonl").write_text(json.dumps({"id": "q", "text": "mint tea", "relevant": ["1"]}))
    program = Program(folder)
    assert program("ingest", "data/food").status == 0
    assert program("ingest", "data/food/guides", "--collection", "guides").status == 0
    assert program("chat", stdin="What is tahdig?\n").status == 0
    return folder


@pytest.mark.parametrize("path", [(), *COMMANDS], ids=" ".join)
def test_the_examples_of_every_page_work(path: tuple[str, ...], kitchen: Path, tmp_path: Path) -> None:
    page = Program(kitchen)(*path, "--help").out
    block = page.partition("Examples:\n")[2].partition("\n\n")[0]
    lines = [line.strip() for line in block.splitlines()]
    assert 1 <= len(lines) <= 3
    assert all("ragchat" in line for line in lines)
    shutil.copytree(kitchen.parent, tmp_path, dirs_exist_ok=True)
    program = Program(tmp_path / "work")
    for line in lines:
        if line == FAR:
            continue
        ran = subprocess.run(
            ["bash", "-c", line],
            cwd=program.folder,
            env=program.variables(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ran.returncode == 0, (line, ran.stderr)


def test_no_example_stands_for_a_command_that_is_not_there() -> None:
    assert set(EXAMPLES) <= {" ".join(path) for path in COMMANDS}


@pytest.mark.parametrize("path", PAGES, ids=" ".join)
def test_h_is_help_and_a_narrow_window_shows_it_whole(path: tuple[str, ...], ragchat: Program) -> None:
    wide, narrow = ragchat(*path, "--help", COLUMNS="100"), ragchat(*path, "-h", COLUMNS="40")
    assert (wide.status, narrow.status) == (0, 0)
    # A line may break behind a hyphen.
    said = [re.sub(r"\s", "", ran.out.split("Examples:")[0]) for ran in (wide, narrow)]
    assert said[0] == said[1]
    prose = narrow.out.split("Examples:")[0].splitlines()
    # Only a word that cannot be broken is longer, and the terminal breaks that.
    assert all(cells(line) <= 40 or len(line.split()) <= 2 for line in prose)
    assert max(map(cells, wide.out.splitlines())) <= 80


@pytest.mark.parametrize(("command", "usage"), [("ask", "[QUESTION]"), ("ingest", "{PATH}...")])
def test_what_can_be_left_out_or_repeated_is_marked_once(command: str, usage: str, ragchat: Program) -> None:
    assert ragchat(command, "--help").out.splitlines()[0] == f"Usage: ragchat {command} [OPTIONS] {usage}"


def test_the_options_stand_in_sections_the_common_ones_last(ragchat: Program) -> None:
    sections = re.findall(r"^(\S.*):$", ragchat("ask", "--help").out, re.MULTILINE)
    assert sections[0] == "Arguments"
    assert sections[-1] == "Common options"
    assert {"Which documents", "Who answers"} < set(sections)


def test_the_statuses_on_the_main_page_are_those_of_the_errors_and_stand_there_alone(ragchat: Program) -> None:
    raised = {
        value.exit_status
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.RagchatError)
    }
    told = ragchat("--help").out.partition("Exit status:")[2].partition("\n\n")[0]
    assert set(map(int, re.findall(r"\d+", told))) == raised | {0, READER_GONE}
    assert not [path for path in COMMANDS if "Exit status:" in ragchat(*path, "--help").out]
