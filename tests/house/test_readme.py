"""The README is true: its commands run, its map is the disk, and every command stands in it."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from ragchat.cli.main import app
from ragchat.cli.options import EmbedderOption, TopKOption
from ragchat.cli.run import READER_GONE
from tests.programs import ROOT, Program

if TYPE_CHECKING:
    from pathlib import Path

README = (ROOT / "README.md").read_text("utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def _commands() -> list[str]:
    return [line[2:] for block in _blocks("console") for line in block.splitlines() if line.startswith("$ ")]


def test_every_command_of_the_readme_runs(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    shutil.copytree(ROOT / "data", folder / "data")
    program = Program(folder)
    assert len(_commands()) > 8
    for command in _commands():
        ran = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env=program.variables(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ran.returncode == 0, (command, ran.stderr)


def test_what_the_readme_shows_is_what_comes(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    shutil.copytree(ROOT / "data", folder / "data")
    program = Program(folder)
    for block in _blocks("console"):
        command, *shown = block.splitlines()
        if not any(shown) or any(line.startswith("$ ") for line in shown):
            continue
        ran = subprocess.run(
            ["bash", "-c", command[2:]],
            cwd=folder,
            env=program.variables(),
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        for line in filter(None, shown):
            for piece in filter(None, (piece.strip(" ”") for piece in line.split("…"))):
                assert piece in ran.stdout


def test_the_map_is_the_disk() -> None:
    (picture,) = (block for block in _blocks("text") if block.startswith("ragchat/"))
    drawn = {line.split()[0] for line in picture.splitlines()[1:]}
    package = ROOT / "ragchat"
    rooms = {f"{path.name}/" for path in package.iterdir() if path.is_dir() and path.name != "__pycache__"}
    files = {path.name for path in package.glob("*.py") if not path.name.startswith("__")}
    assert drawn == rooms | files


def test_every_make_target_is_there() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)", README)) <= targets


@pytest.mark.parametrize(
    "name", sorted(info.name or info.callback.__name__ for info in app.registered_commands if info.callback)
)
def test_every_command_is_documented(name: str) -> None:
    assert f"ragchat {name}" in README
    info = next(i for i in app.registered_commands if i.callback and (i.name or i.callback.__name__) == name)
    assert info.callback
    assert info.callback.__doc__


def test_every_command_of_a_group_is_documented() -> None:
    for group in app.registered_groups:
        assert group.typer_instance
        for info in group.typer_instance.registered_commands:
            assert f"ragchat {group.name} {info.name}" in README


def test_the_exit_statuses_are_those_of_the_errors() -> None:
    from ragchat import errors

    listed = {int(status) for status in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    raised = {
        value.exit_status
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.RagchatError)
    }
    assert listed == raised | {0, READER_GONE}


def test_the_choices_of_an_option_are_the_programs_own() -> None:
    from typing import get_args

    from ragchat.settings.sections import RetrievalSettings

    fields = RetrievalSettings.model_fields
    assert get_args(get_args(EmbedderOption)[0])[0] == fields["embedder"].annotation
    top_k = get_args(TopKOption)[1]
    bounds = [getattr(mark, "ge", getattr(mark, "le", None)) for mark in fields["top_k"].metadata]
    assert [bound for bound in bounds if bound is not None] == [top_k.min, top_k.max]


def test_the_changelog_begins_with_this_version() -> None:
    from ragchat import __version__

    assert re.search(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)[1] == __version__  # type: ignore[index]
