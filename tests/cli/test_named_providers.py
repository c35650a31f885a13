"""Providers that answer only where the settings name them, each as a person sets it up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.programs import Program
from tests.servers import anthropic
from tests.servers.anthropic import AnthropicServer

if TYPE_CHECKING:
    from collections.abc import Iterator

QUESTION = "How long should a loaf cool before slicing?"
STANDIN = Path(__file__).parents[1] / "generation" / "standin"


@pytest.fixture
def server() -> Iterator[AnthropicServer]:
    with AnthropicServer(key=anthropic.KEY) as running:
        yield running


@pytest.fixture
def indexed(folder: Path) -> Program:
    program = Program(folder)
    assert program("ingest", ".", "--embedder", "bundled").status == 0
    return program


@pytest.fixture
def asked(indexed: Program, server: AnthropicServer) -> Program:
    """The program that asks Anthropic first."""
    environment = {
        "RAGCHAT_PROVIDERS": "anthropic",
        "ANTHROPIC_API_KEY": anthropic.KEY,
        "ANTHROPIC_BASE_URL": f"{server.url}/v1",
        "ANTHROPIC_MODEL": anthropic.MODEL,
    }
    return Program(indexed.folder, environment)


def test_anthropic_answers_at_its_published_price(asked: Program, server: AnthropicServer) -> None:
    server.then(anthropic.answer("Let it cool for an hour [1]."))
    result = asked("ask", QUESTION, "--json").result
    assert (result["provider"], result["model"]) == ("anthropic", anthropic.MODEL)
    assert result["answer"] == "Let it cool for an hour [1]."
    counted, usage = server.journal[-1].usage, result["usage"]
    assert usage["token_source"] == "server"
    # $1 and $5 a million tokens
    price = (counted["input_tokens"] + counted["output_tokens"] * 5) / 1e6
    assert usage["cost_usd"] == pytest.approx(price)


def test_an_overloaded_anthropic_is_asked_again_and_then_left(asked: Program, server: AnthropicServer) -> None:
    server.then(*[anthropic.refuse(529, "overloaded_error", "Overloaded")] * 9)
    result = asked("ask", QUESTION, "--json").result
    assert result["provider"] == "extractive"
    assert 1 < len(server.journal) < 4


def test_a_limit_that_anthropic_named_holds_for_the_next_process(asked: Program, server: AnthropicServer) -> None:
    server.then(anthropic.refuse(429, "rate_limit_error", "Slow down", {"retry-after": "600"}))
    assert asked("ask", QUESTION, "--json").result["provider"] == "extractive"
    assert asked("ask", QUESTION, "--json").result["provider"] == "extractive"
    assert len(server.journal) == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"ANTHROPIC_MODEL": ""}, "ANTHROPIC_MODEL is not set"),
        ({"ANTHROPIC_API_KEY": "", "ANTHROPIC_BASE_URL": ""}, "There is no Anthropic key"),
        ({"RAGCHAT_PROVIDERS": "gguf"}, "RAGCHAT_GGUF_MODEL is not set"),
        ({"RAGCHAT_PROVIDERS": "gguf", "RAGCHAT_GGUF_MODEL": "none.gguf"}, "none.gguf is no file"),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_sent(
    asked: Program, server: AnthropicServer, changed: dict[str, str], said: str
) -> None:
    result = asked("ask", QUESTION, "--json", **changed).result
    assert result["provider"] == "extractive"
    assert any(said in notice for notice in result["notices"])
    assert server.journal == []


def test_a_model_in_a_file_answers_for_nothing_and_sends_nothing(indexed: Program) -> None:
    (indexed.folder / "tiny.gguf").write_text(json.dumps({"words": ["Let it cool ", "for an hour [1]."]}))
    ran = indexed(
        *("ask", QUESTION, "--json", "--local-only", "--provider", "gguf"),
        RAGCHAT_GGUF_MODEL="tiny.gguf",
        PYTHONPATH=str(STANDIN),
    )
    result = ran.result
    assert (result["provider"], result["model"]) == ("gguf", "tiny.gguf")
    assert result["answer"] == "Let it cool for an hour [1]."
    assert result["usage"]["cost_usd"] == 0
