"""Slash commands: one table, from which parsing, help and completion are made."""

from __future__ import annotations

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from ragchat.errors import UsageError
from ragchat.terminal.chat import Chat
from ragchat.terminal.commands.table import COMMANDS, parse
from ragchat.terminal.completion import CommandCompleter
from tests.terminal.screens import screen
from tests.terminal.scripted import Scripted, opened, session


def _completions(typed: str) -> list[str]:
    chat = Chat(screen()[0], lambda: opened(session(Scripted([]))), commands=COMMANDS)
    completer = CommandCompleter(COMMANDS, chat)
    return [completion.text for completion in completer.get_completions(Document(typed), CompleteEvent())]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("/help", "help"),
        ("/?", "help"),
        ("/exit", "quit"),
        ("/q", "quit"),
        (" /sources ", "sources"),
        ("/SOURCES", "sources"),
        ("exit", "quit"),
        ("Quit", "quit"),
        ("help", "help"),
    ],
)
def test_a_command_is_found_by_its_name_and_its_aliases(line: str, name: str) -> None:
    called = parse(line)
    assert called is not None
    assert called[0].name == name


@pytest.mark.parametrize(
    "line", ["how long?", "/etc/hosts holds what?", "what is /help?", "exit where?", "sources"]
)
def test_everything_else_is_a_question(line: str) -> None:
    assert parse(line) is None


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("/sorces", "Did you mean /sources? /help lists them all."),
        ("/zzz", "/help lists them all."),
        ("/", "/help lists them all."),
        ("/quit now", "Type /quit alone."),
    ],
)
def test_a_wrong_command_is_an_error_with_a_cure(line: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(line)
    assert raised.value.hint == hint


def test_names_are_unique() -> None:
    names = [name for command in COMMANDS for name in (command.name, *command.aliases)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("/", [f"/{command.name}" for command in COMMANDS]),
        ("/so", ["/sources"]),
        ("/ex", ["/export", "/exit"]),
        ("/sources ", []),
        ("/provider ol", ["ollama"]),
        ("/retry EXT", ["extractive"]),
        ("/set temper", ["groq.temperature"]),
        ("/usage d", ["day", "provider", "model"]),
        ("/resume ", []),
        ("/nothing ", []),
        ("what is /s", []),
        ("", []),
    ],
)
def test_completion_offers_what_the_table_holds(typed: str, offered: list[str]) -> None:
    assert _completions(typed) == offered
