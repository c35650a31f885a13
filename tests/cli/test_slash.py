"""Slash commands in a conversation that is piped in, with a fake Groq and a fake Ollama."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.servers import groq

if TYPE_CHECKING:
    from pathlib import Path

    from tests.programs import Program
    from tests.servers.groq import GroqServer
    from tests.servers.ollama import OllamaServer

QUESTION = "How long should a loaf cool?"


@pytest.fixture
def served(ragchat: Program, groq_server: GroqServer, ollama_server: OllamaServer) -> Program:
    ragchat.environment.update(
        GROQ_API_KEY=groq.KEY, GROQ_BASE_URL=groq_server.url, OLLAMA_HOST=ollama_server.url, EDITOR="true"
    )
    ragchat("ingest", ".", "--embedder", "bundled")
    return ragchat


def _bodies(server: GroqServer) -> list[dict[str, object]]:
    return [exchange.body for exchange in server.journal]


def test_the_last_question_is_asked_again_and_its_turn_replaced(served: Program, groq_server: GroqServer) -> None:
    groq_server.then(groq.answer("An hour [1]."), groq.answer("One hour [1]."))
    shown = served("chat", stdin=f"{QUESTION}\n/retry\n/export talk.json\n")
    assert shown.status == 0
    assert shown.out.index("An hour [1].") < shown.out.index("One hour [1].")
    turns = json.loads((served.folder / "talk.json").read_text())["turns"]
    assert [turn["answer"]["text"] for turn in turns] == ["One hour [1]."]


@pytest.mark.parametrize(
    ("name", "written_by"), [("ollama", "ollama"), ("extractive", "extractive"), ("qwen/qwen3.8-27b", "qwen")]
)
def test_another_provider_or_model_answers_a_question_once(
    served: Program, groq_server: GroqServer, name: str, written_by: str
) -> None:
    shown = served("chat", stdin=f"{QUESTION}\n/retry {name}\nWhat is noon chai?\n")
    first, again, other = [line for line in shown.err.splitlines() if " search · " in line]
    assert "groq openai/gpt-oss-20b" in first
    assert written_by in again
    assert "groq openai/gpt-oss-20b" in other
    assert [body["model"] for body in _bodies(groq_server)][-1] == "openai/gpt-oss-20b"


def test_a_question_taken_back_is_gone_from_the_conversation(served: Program, groq_server: GroqServer) -> None:
    shown = served("chat", stdin=f"{QUESTION}\nWhat is noon chai?\n/undo\nIs it drunk in Kashmir at breakfast?\n")
    said = [message["content"] for message in groq_server.journal[-1].body["messages"]]
    assert QUESTION in said
    assert "What is noon chai?" not in said
    assert "Taken back" in shown.err


def test_settings_hold_from_the_next_question_on(served: Program, groq_server: GroqServer) -> None:
    lines = [QUESTION, "/set temperature 1.5", "/set top-k=1", "What is noon chai?", "/set temperature default"]
    shown = served("chat", stdin="\n".join([*lines, "Is tea drunk at breakfast in Kashmir?"]) + "\n")
    assert [body["temperature"] for body in _bodies(groq_server)] == [0.2, 1.5, 0.2]
    assert "temperature = 1.5" in shown.out
    assert groq_server.journal[1].body["messages"][-1]["content"].count("<passage") == 1


def test_local_only_holds_until_it_is_taken_back(served: Program) -> None:
    served.environment["GROQ_BASE_URL"] = "http://groq.invalid"
    shown = served("chat", stdin="/local-only\n/set cloud\n/local-only off\n/set cloud\n")
    assert "groq (elsewhere) → ollama · llama3.2:3b → extractive" in shown.err
    assert [line.split(" ·")[0] for line in shown.out.splitlines() if "cloud = " in line] == [
        "privacy.cloud = never",
        "privacy.cloud = ask",
    ]


def test_sessions_are_listed_named_gone_on_with_and_removed(served: Program) -> None:
    lines = [QUESTION, "/rename Loaves", "/new", "What is noon chai?", "/sessions", "/resume loaves", "/sources"]
    shown = served("chat", stdin="\n".join(lines) + "\n")
    assert "This session is called Loaves." in shown.err
    assert "Going on with “Loaves”, 1 question." in shown.err
    assert shown.out.count("bread.md") > 1
    removed = served("chat", stdin="/sessions remove Loaves\n/sessions\n")
    assert "Removed." in removed.err
    assert "Loaves" not in removed.out.split("/sessions\n")[-1]


def test_documents_are_ingested_listed_and_removed(served: Program) -> None:
    (served.folder / "rice.md").write_text("Tahdig is the crust of rice at the bottom of the pot.\n")
    shown = served("chat", stdin="/ingest rice.md\nWhat is tahdig?\n/remove tea.txt\n/docs\n/docs *.md\n")
    assert "1 added" in shown.out
    assert "[1] rice.md:1" in shown.out
    listed = shown.out.split("> /docs\n")[1]
    assert "tea.txt" not in listed
    assert "rice.md" in listed


def test_an_export_is_readable_private_and_never_written_over_another(served: Program) -> None:
    shown = served("chat", stdin=f"{QUESTION}\n/export bread-talk.md\n/export bread-talk.md\n")
    file: Path = served.folder / "bread-talk.md"
    assert f"## {QUESTION}" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert "bread-talk.md is there already.\nhint: Name another file: /export FILE" in shown.err


def test_a_change_that_is_taken_back_lets_the_command_line_hold_again(served: Program) -> None:
    lines = ["/set top-k 5", "/set top-k default", "/local-only off", "/set cloud"]
    shown = served("chat", "--top-k", "3", "--local-only", stdin="\n".join(lines) + "\n")
    told = [line.split(" ·")[0] for line in shown.out.splitlines() if " = " in line]
    assert told == ["retrieval.top_k = 5", "retrieval.top_k = 3", "privacy.cloud = never"]


def test_a_value_may_hold_the_sign_that_parts_it_from_its_name(served: Program) -> None:
    shown = served("chat", stdin="/set prices = groq/openai/gpt-oss-20b=0.5/1.5\n")
    assert "budget.prices = groq/openai/gpt-oss-20b=0.5/1.5" in shown.out


def test_what_a_continued_session_said_last_can_be_looked_at(served: Program) -> None:
    served("chat", stdin=f"{QUESTION}\n")
    shown = served("chat", "--continue", stdin="/sources\n/new\n/sources\n")
    assert "Let the loaf cool on a rack" in shown.out
    assert shown.err.count("There is no answer yet.") == 1


def test_everything_can_be_looked_at(served: Program) -> None:
    lines = ["/usage", QUESTION, "/usage model", "/why", "/provider", "/model", "/doctor", "/set", "/help"]
    shown = served("chat", stdin="\n".join(lines) + "\n")
    assert shown.status == 0
    assert "No question has been asked yet." in shown.err
    assert "openai/gpt-oss-20b  1 request" in shown.out
    assert "groq · openai/gpt-oss-20b → ollama → extractive" in shown.err
    assert "ledger" in shown.out
    assert "top_k = 8" in shown.out
    assert "GROQ_API_KEY" not in shown.out.split("> /set\n")[1].split("> /help\n")[0]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/retry", "There is no question to ask again. Ask one first."),
        ("/undo", "There is nothing to take back. Ask a question first."),
        ("/copy", "There is no answer yet. Ask a question first."),
        ("/edit", "There is no question yet. Ask one first."),
        ("/export", "There is nothing to export yet. Ask a question first."),
        ("/rename", "/rename needs NAME. Type /rename NAME."),
        ("/resume nothing", "There is no session nothing."),
        ("/provider gpt", "There is no provider called gpt."),
        ("/local-only perhaps", "/local-only is on or off, not perhaps."),
        ("/set temprature 1", "There is no setting called temprature. Did you mean temperature?"),
        ("/set temperature hot", "temperature"),
        ("/set groq_api_key gsk_x", "GROQ_API_KEY is not typed here"),
        ("/usage month", "Usage is not kept by month."),
        ("/docs nothing.md", "No indexed document is called nothing.md."),
        ("/remove", "/remove needs SOURCE…. Type /remove SOURCE…."),
        ("/remove 'bread", "This cannot be read: 'bread Close its quotation marks."),
        ("/ingest nowhere", "nowhere"),
        ("/ingest ~nobody-at-all/x", "Nobody here is called ~nobody-at-all. Write the path in full."),
        ("/sessions erase", "/sessions knows no erase."),
        ("/multiline", "There is no prompt here."),
    ],
)
def test_a_wrong_command_is_told_with_its_cure_and_the_conversation_goes_on(
    served: Program, line: str, sentence: str
) -> None:
    shown = served("chat", stdin=f"{line}\n{QUESTION}\n")
    assert shown.status == 0
    assert sentence in " ".join(shown.err.replace("hint: ", "").split())
    assert "The passages say so [1]." in shown.out
