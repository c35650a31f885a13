"""Who answers a session, as the settings say."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.servers import groq
from tests.servers.ollama import Model

if TYPE_CHECKING:
    from pathlib import Path

    from tests.programs import Program
    from tests.servers.groq import GroqServer
    from tests.servers.ollama import OllamaServer


@pytest.fixture
def served(ragchat: Program, groq_server: GroqServer, ollama_server: OllamaServer) -> Program:
    ragchat.environment.update(
        GROQ_API_KEY=groq.KEY,
        GROQ_BASE_URL=groq_server.url,
        OLLAMA_HOST=ollama_server.url,
        RAGCHAT_ANSWER_CACHE="false",
    )
    ragchat("ingest", ".", "--embedder", "bundled")
    return ragchat


def _attempts(tmp_path: Path) -> list[tuple[str, str, str | None]]:
    with closing(sqlite3.connect(tmp_path / "home" / "state.db")) as state:
        return state.execute("SELECT provider, model, arm FROM attempts ORDER BY id").fetchall()


def test_the_cheapest_is_asked_first(served: Program, tmp_path: Path) -> None:
    served("ask", "How long should a loaf cool?", RAGCHAT_ORDER="cheapest", OLLAMA_MODEL="llama3.2:3b")
    assert _attempts(tmp_path) == [("ollama", "llama3.2:3b", None)]


def test_an_experiment_is_drawn_answered_and_compared(
    served: Program, tmp_path: Path, groq_server: GroqServer
) -> None:
    arms = "groq/openai/gpt-oss-20b@0.1,groq/openai/gpt-oss-120b@0.9"
    for _ in range(6):
        served("ask", "How long should a loaf cool?", RAGCHAT_EXPERIMENT=arms)
    attempts = _attempts(tmp_path)
    assert len(attempts) == 6
    for (provider, model, arm), exchange in zip(attempts, groq_server.journal, strict=True):
        assert provider == "groq"
        assert arm in arms.split(",")
        assert f"groq/{model}@{exchange.body['temperature']:g}" == arm
    rows = json.loads(served("usage", "--by", "arm", "--json").out)["result"]["rows"]
    assert sum(row["requests"] for row in rows) == 6
    assert {row["arm"] for row in rows} == {arm for _, _, arm in attempts}


def test_a_model_says_what_a_follow_up_means(served: Program, groq_server: GroqServer, tmp_path: Path) -> None:
    groq_server.then(groq.answer("It cools for an hour [1]."), groq.answer("Where does a loaf cool?"))
    shown = served("chat", stdin="How long does a loaf cool?\nand where?\n")
    assert "Searched for: Where does a loaf cool?" in shown.err
    asked = [exchange.body["messages"][-1]["content"] for exchange in groq_server.journal]
    assert asked[1] == "Rewrite this question: and where?"
    assert asked[2].endswith("Question: and where?")
    assert len(_attempts(tmp_path)) == len(asked) == 3


def test_a_newly_pulled_model_is_not_answered_for_from_the_memory_of_another(
    served: Program, tmp_path: Path, ollama_server: OllamaServer
) -> None:
    served.environment.update(RAGCHAT_ANSWER_CACHE="true", RAGCHAT_PROVIDERS="ollama")
    for _ in range(2):
        served("ask", "How long should a loaf cool?")
    ollama_server.models = (Model("qwen3:4b", ("completion",)), *ollama_server.models)
    served("ask", "How long should a loaf cool?")
    assert [model for _, model, _ in _attempts(tmp_path)] == ["llama3.2:3b", "llama3.2:3b", "qwen3:4b"]
    chats = [exchange.body["model"] for exchange in ollama_server.journal if exchange.path == "/api/chat"]
    assert chats == ["llama3.2:3b", "qwen3:4b"]
