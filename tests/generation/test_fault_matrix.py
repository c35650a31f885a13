"""Every failure, at every moment of a stream, in every chain: somebody answers, and the ledger is the journal."""

from __future__ import annotations

import socket
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest
import stamina

from ragchat.generation.extractive.generator import ExtractiveGenerator
from ragchat.generation.providers.deadlines import Deadlines
from ragchat.generation.providers.groq import GroqGenerator
from ragchat.generation.providers.ollama import OllamaGenerator
from ragchat.ollama.client import OllamaClient
from ragchat.pipeline.prompting import make_prompt
from ragchat.resilience.faults import UNSENT
from tests.generation.chains import router, rows
from tests.generation.faults import CELLS
from tests.generation.prompts import read
from tests.pipeline.passages import passage
from tests.servers import groq as fake_groq
from tests.servers import ollama as fake_ollama
from tests.servers.wire import fail

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from tests.servers.groq import GroqServer
    from tests.servers.ollama import OllamaServer
    from tests.servers.wire import Behaviour, FakeServer

PROMPT = make_prompt(
    "How long should bread cool?",
    [
        passage("Bread should cool for an hour on a rack."),
        passage("A cake cools in its tin.", source="/docs/b.md"),
    ],
    (),
    3000,
)
WITH_OLLAMA = {
    "Groq only": None,
    "Groq and Ollama": fake_ollama.answer(),
    "Groq and an Ollama that fails": fail(500, {"error": "model runner has unexpectedly stopped"}),
}


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    """The waits have tests of their own."""
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@contextmanager
def _groq(url: str) -> Iterator[GroqGenerator]:
    generator = GroqGenerator(
        api_key=fake_groq.KEY,
        base_url=url,
        model="openai/gpt-oss-20b",
        temperature=0.2,
        max_tokens=500,
        deadlines=Deadlines(0.5, 0.5, 20.0),
    )
    with closing(generator):
        yield generator


@pytest.mark.parametrize("ollama_does", WITH_OLLAMA.values(), ids=WITH_OLLAMA)
@pytest.mark.parametrize("behaviour", CELLS.values(), ids=CELLS)
def test_somebody_answers_and_every_request_has_its_row(
    state: sqlite3.Connection,
    groq_server: GroqServer,
    ollama_server: OllamaServer,
    behaviour: Behaviour,
    ollama_does: Behaviour | None,
) -> None:
    groq_server.then(*[behaviour] * 4)
    if ollama_does is not None:
        ollama_server.then(*[ollama_does] * 4)
    with _groq(groq_server.url) as groq, OllamaClient(ollama_server.url, timeout_s=5) as client:
        ollama = OllamaGenerator(client, None, num_ctx=4096, temperature=0.2, max_tokens=500)
        asked = (groq, ExtractiveGenerator()) if ollama_does is None else (groq, ollama, ExtractiveGenerator())
        text, notices, completion = read(router(state, *asked).stream(PROMPT))
    assert text.strip()
    assert completion.finish in ("stop", "degraded", "cut")
    if completion.finish == "cut":
        assert text.startswith("The passages")
        assert len(text) > len("The passages"), "what the passages say themselves is below"
    assert notices, "why it was not Groq, or not all of it, is said"
    _assert_rows_are_the_journal(state, groq_server, "groq")
    _assert_rows_are_the_journal(state, ollama_server, "ollama")
    assert all(row["outcome"] != "running" for row in rows(state))


def _assert_rows_are_the_journal(state: sqlite3.Connection, server: FakeServer, provider: str) -> None:
    """Request for request, status for status."""
    sent = [
        row
        for row in rows(state)
        if row["provider"] == provider and row["outcome"] != "skipped" and row["error_code"] not in UNSENT
    ]
    asked = [
        exchange for exchange in server.journal if exchange.path in ("/openai/v1/chat/completions", "/api/chat")
    ]
    assert len(sent) == len(asked)
    for row, exchange in zip(sent, asked, strict=True):
        if row["http_status"] is not None:
            assert row["http_status"] == exchange.status


def test_where_nothing_answers_the_passages_do(state: sqlite3.Connection) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with _groq(url) as groq, OllamaClient(url, timeout_s=5) as client:
        ollama = OllamaGenerator(client, None, num_ctx=4096, temperature=0.2, max_tokens=500)
        text, notices, completion = read(router(state, groq, ollama, ExtractiveGenerator()).stream(PROMPT))
    assert (completion.provider, completion.finish) == ("extractive", "degraded")
    assert text.strip()
    assert len([notice for notice in notices if notice.endswith("; extractive answers instead.")]) == 2
    assert [(row["outcome"], row["error_code"]) for row in rows(state)][:2] == [("error", "refused")] * 2
