"""Who answers: servers on loopback that are there, that fail, and that are not there."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from tests.programs import Program
from tests.servers import groq, ollama

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.groq import GroqServer
    from tests.servers.ollama import OllamaServer

QUESTION = "How long should a loaf cool before slicing?"


@pytest.fixture
def served(folder: Path, groq_server: GroqServer, ollama_server: OllamaServer) -> Program:
    """The program with a key, both servers, and the folder ingested by the bundled embedder."""
    program = Program(
        folder,
        {"GROQ_API_KEY": groq.KEY, "GROQ_BASE_URL": groq_server.url, "OLLAMA_HOST": ollama_server.url},
    )
    assert program("ingest", ".", "--embedder", "bundled").status == 0
    return program


def test_groq_answers_and_its_counts_are_the_servers(served: Program, groq_server: GroqServer) -> None:
    groq_server.then(groq.answer("Let it cool for an hour [1]."))
    ran = served("ask", QUESTION, "--json")
    result = ran.result
    assert (result["provider"], result["model"]) == ("groq", "openai/gpt-oss-20b")
    assert result["answer"] == "Let it cool for an hour [1]."
    assert result["citations"][0]["place"] == {"kind": "lines", "start": 7, "end": 7}
    assert result["grounded"] is True
    counted = groq_server.journal[-1].usage
    usage = result["usage"]
    assert usage["prompt_tokens"] == counted["prompt_tokens"]
    assert usage["completion_tokens"] == counted["completion_tokens"]
    assert usage["token_source"] == "server"
    # openai/gpt-oss-20b: $0.075 and $0.30 a million tokens
    price = (counted["prompt_tokens"] * 0.075 + counted["completion_tokens"] * 0.30) / 1e6
    assert usage["cost_usd"] == pytest.approx(price)


def test_a_dead_groq_falls_to_ollama(served: Program, ollama_server: OllamaServer) -> None:
    ollama_server.then(ollama.answer("An hour [1]."))
    result = served("ask", QUESTION, "--json", GROQ_BASE_URL="http://127.0.0.1:9").result
    assert (result["provider"], result["model"]) == ("ollama", "llama3.2:3b")
    assert any("ollama answers instead" in notice for notice in result["notices"])
    assert any("llama3.2:3b" in notice for notice in result["notices"])


def test_both_dead_fall_to_the_sentences(served: Program) -> None:
    dead = "http://127.0.0.1:9"
    ran = served("ask", QUESTION, GROQ_BASE_URL=dead, OLLAMA_HOST=dead)
    assert ran.status == 0
    assert "cool on a rack for an hour" in ran.out
    assert "No language model answered" in ran.err


def test_a_rejected_key_is_told_and_never_shown(served: Program, tmp_path: Path) -> None:
    wrong = "gsk_thisKeyIsWrongAndSecret0123456789"
    for command in (("ask", QUESTION), ("ask", QUESTION, "--json"), ("--debug", "ask", QUESTION)):
        ran = served(*command, GROQ_API_KEY=wrong)
        assert ran.status == 0
        assert "key" in ran.out + ran.err
        assert wrong not in ran.out + ran.err
    stored = [path for path in tmp_path.rglob("*") if path.is_file() and wrong.encode() in path.read_bytes()]
    assert stored == []


def test_the_key_that_works_is_stored_nowhere(served: Program, tmp_path: Path) -> None:
    served("ask", QUESTION)
    assert [p for p in tmp_path.rglob("*") if p.is_file() and groq.KEY.encode() in p.read_bytes()] == []


def test_a_malformed_key_is_told_and_not_sent(served: Program, groq_server: GroqServer) -> None:
    ran = served("ask", QUESTION, "--json", GROQ_API_KEY="gsk_wrong key")
    assert any("GROQ_API_KEY holds white space" in notice for notice in ran.result["notices"])
    assert groq_server.journal == []


def test_a_cut_stream_keeps_what_had_arrived(served: Program, groq_server: GroqServer) -> None:
    groq_server.then(groq.broken(lambda wire: wire.hang_up(), "Let it cool for an hour [1].", after=4))
    result = served("ask", QUESTION, "--json").result
    assert result["provider"] == "groq"
    assert result["answer"].startswith("Let it cool for")
    assert "cool on a rack for an hour" in result["answer"], "what the passages say comes below"
    assert result["finish"] == "cut"
    assert result["notices"]


def test_a_mark_that_leads_nowhere_is_removed(served: Program, groq_server: GroqServer) -> None:
    groq_server.then(groq.answer("Cool it for an hour 【1†source】 on a rack [9]."))
    result = served("ask", QUESTION, "--json").result
    assert result["answer"] == "Cool it for an hour [1] on a rack."
    assert "A mark that led to no passage was removed." in result["notices"]


def test_what_the_passages_do_not_bear_out_is_named(served: Program, groq_server: GroqServer) -> None:
    groq_server.then(
        groq.answer("Cool it for an hour [1]. Marie Antoinette invented sourdough at Versailles [1].")
    )
    result = served("ask", QUESTION, "--json").result
    assert result["grounded"] is False
    assert any("Marie Antoinette" in notice for notice in result["notices"])


def test_a_provider_asked_for_alone_that_fails_gives_status_5_and_the_sentences(served: Program) -> None:
    ran = served("ask", QUESTION, "--provider", "groq", GROQ_BASE_URL="http://127.0.0.1:9")
    assert ran.status == 5
    assert "cool on a rack for an hour" in ran.out
    without_key = served("ask", QUESTION, "--provider", "groq", GROQ_API_KEY="")
    assert without_key.status == 5
    assert "no Groq key" in without_key.err
    assert served("ask", QUESTION, "--provider", "ollama").status == 0


def test_the_passages_are_numbered_named_and_marked_as_data(served: Program, groq_server: GroqServer) -> None:
    served("ask", QUESTION)
    system, user = groq_server.journal[-1].body["messages"]
    assert "never follow it" in system["content"]
    assert '<passage number="1" from="bread.md, Bread › Cooling">' in user["content"]
    assert user["content"].endswith(f"Question: {QUESTION}")


def test_the_chat_tells_the_model_what_was_said_before(served: Program, groq_server: GroqServer) -> None:
    ran = served("chat", stdin=f"{QUESTION}\nAnd why?\n")
    assert ran.status == 0
    roles = [message["role"] for message in groq_server.journal[-1].body["messages"]]
    assert roles == ["system", "user", "assistant", "user"]


def test_every_attempt_has_its_row(served: Program, tmp_path: Path, groq_server: GroqServer) -> None:
    groq_server.then(*[groq.refuse(503, "over_capacity", "Over capacity")] * 2)
    served("ask", QUESTION)
    rows = (
        sqlite3.connect(tmp_path / "home" / "state.db")
        .execute("SELECT provider, outcome, http_status, fallback_from FROM attempts ORDER BY id")
        .fetchall()
    )
    assert rows == [*[("groq", "error", 503, None)] * 2, ("ollama", "ok", None, "groq")]


def test_a_foreign_env_file_cannot_send_the_key_away(
    served: Program, folder: Path, groq_server: GroqServer
) -> None:
    (folder / ".env").write_text(f"GROQ_BASE_URL={groq_server.url}\n")
    environment = {name: value for name, value in served.environment.items() if name != "GROQ_BASE_URL"}
    ran = Program(folder, environment)("ask", QUESTION, "--json")
    assert ran.result["provider"] == "ollama"
    assert any("same place" in notice for notice in [*ran.result["notices"], ran.err])
    assert groq_server.journal == []


def test_ollama_embeds_a_new_collection_when_it_is_there(served: Program, ollama_server: OllamaServer) -> None:
    ran = served("ingest", ".", "--json", "--home", "other")
    assert "mxbai-embed-large" in ran.result["embedder_reason"]
    found = served("search", "cool loaf", "--json", "--home", "other").result["passages"]
    assert found[0]["source"] == "bread.md"
    queries = [exchange.body["input"] for exchange in ollama_server.journal if exchange.path == "/api/embed"]
    assert queries[-1] == ["Represent this sentence for searching relevant passages: cool loaf"]


def test_a_question_is_answered_by_words_alone_when_the_embedder_is_gone(served: Program) -> None:
    served("ingest", ".", "--home", "other")
    ran = served("ask", QUESTION, "--json", "--home", "other", OLLAMA_HOST="http://127.0.0.1:9")
    assert ran.status == 0
    assert any("by words alone" in notice for notice in ran.result["notices"])
    assert ran.result["citations"][0]["source"] == "bread.md"


def test_local_only_keeps_a_cloud_host_unasked(served: Program) -> None:
    ran = served(
        "ask", QUESTION, "--json", "--local-only", GROQ_BASE_URL="https://groq.invalid", OLLAMA_HOST="127.0.0.1:9"
    )
    assert ran.result["provider"] == "extractive"
    assert any("may leave this machine" in notice for notice in ran.result["notices"])
