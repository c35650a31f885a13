"""The usual mistakes on every command: one sentence, a cure, status 2."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ragchat.cli.main import app
from tests.cli.test_help import COMMANDS

if TYPE_CHECKING:
    from tests.programs import Program

MISTAKES = {
    "aks x": ("No such command 'aks'.", "Did you mean ask? See ragchat --help."),
    "zzz": ("No such command 'zzz'.", "See ragchat --help."),
    "docs lst": ("No such command 'lst'.", "Did you mean list? See ragchat docs --help."),
    "docs": ("Missing command.", "See ragchat docs --help."),
    "ask": ("The question is empty.", 'Ask in quotation marks: ragchat ask "How …?"'),
    "sessions show nothing": ("There is no session nothing.", "See them all: ragchat sessions list"),
    "ask when is the freeze": (
        "Got unexpected extra arguments (is the freeze).",
        'Put words that belong together in quotation marks: ragchat ask "…". See ragchat ask --help.',
    ),
    "ask x --colection y": (
        "No such option: --colection.",
        "Did you mean --collection? See ragchat ask --help.",
    ),
    "ask x --provider grok": (
        "Invalid value for '--provider': 'grok' is not one of"
        " 'groq', 'ollama', 'openai', 'anthropic', 'gguf', 'extractive'.",
        "See ragchat ask --help.",
    ),
    "ask x --docs . --collection a": (
        "--docs and --collection name two collections.",
        "Leave one of them out.",
    ),
    "ask x --docs nowhere": ("There is no file or folder nowhere.", "Check the spelling."),
    "search x --top-k 99": ("Invalid value for '--top-k': the most is 50.", "See ragchat search --help."),
    "search x --top-k 0": ("Invalid value for '--top-k': the least is 1.", "See ragchat search --help."),
    "search x --top-k two": (
        "Invalid value for '--top-k': it is not a whole number.",
        "See ragchat search --help.",
    ),
    "search x --top-k": ("Option '--top-k' requires an argument.", "See ragchat --help."),
    "ingest": ("Missing argument 'PATH'.", "See ragchat ingest --help."),
    "ingest nowhere": ("There is no file or folder nowhere.", "Check the spelling."),
    "ingest . --dry-run --watch": ("--dry-run and --watch cannot go together.", "Leave one of them out."),
    "ingest . --encoding klingon": (
        "Text cannot be read as klingon.",
        "Name an encoding such as utf-8, cp1252 or shift_jis.",
    ),
    "docs show x --collection nowhere": (
        "There is no collection called nowhere.",
        "See them all: ragchat collection list",
    ),
    "collection remove nowhere": (
        "There is no collection called nowhere.",
        "See them all: ragchat collection list",
    ),
    "usage --by week": (
        "Invalid value for '--by': 'week' is not one of 'provider', 'model', 'day', 'arm'.",
        "See ragchat usage --help.",
    ),
    "completion tcsh": (
        "Invalid value for 'SHELL': 'tcsh' is not one of 'bash', 'zsh', 'fish'.",
        "See ragchat completion --help.",
    ),
    "config show topk": ("There is no setting called topk.", "Did you mean retrieval.top_k?"),
}


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_gets_one_sentence_and_its_cure(line: str, ragchat: Program) -> None:
    message, hint = MISTAKES[line]
    ran = ragchat(*line.split())
    assert (ran.status, ran.out, ran.err) == (2, "", f"error: {message}\nhint: {hint}\n")


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_an_option_that_no_command_has_is_refused_by_each(path: tuple[str, ...], ragchat: Program) -> None:
    ran = ragchat(*path, "--no-such-option", "x")
    assert ran.status == 2
    assert re.fullmatch(r"error: No such option: --no-such-option\.\nhint: .*See ragchat .+ --help\.\n", ran.err)


def test_every_group_of_commands_makes_a_mistake_here() -> None:
    begun = {line.split()[0] for line in MISTAKES}
    assert {group.name for group in app.registered_groups} - begun == {"index", "embedder", "bench"}
