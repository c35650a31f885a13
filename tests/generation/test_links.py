"""The chain as a person sees it before they ask."""

from __future__ import annotations

import socket
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from ragchat.generation.chain.health import Health
from ragchat.generation.chain.links import Link, links
from ragchat.generation.chain.remedy import Remedy
from ragchat.generation.providers.ollama import OllamaGenerator
from ragchat.generation.providers.unconfigured import Unconfigured
from ragchat.ollama.client import OllamaClient
from tests.generation.chains import Scripted, extractive

if TYPE_CHECKING:
    import sqlite3

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_those_that_would_be_asked_stand_in_their_order(state: sqlite3.Connection) -> None:
    shown = links([Scripted("groq"), extractive()], Health(state))
    assert shown == (Link("groq", "scripted"), Link("extractive", "scripted"))


def test_a_provider_without_a_key_is_named_with_the_reason(state: sqlite3.Connection) -> None:
    missing = Unconfigured("groq", "m", "There is no Groq key.", "Set it.", trouble="no key")
    assert links([missing], Health(state)) == (Link("groq", "m", "no key"),)


@pytest.mark.parametrize("running", [False, True])
def test_an_ollama_on_this_machine_is_looked_for(state: sqlite3.Connection, *, running: bool) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        if running:
            listening.listen()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with OllamaClient(url, timeout_s=1.0) as client:
            ollama = OllamaGenerator(client, "llama3.2", num_ctx=4096, temperature=0.2, max_tokens=100)
            (link,) = links([ollama], Health(state))
    assert link == Link("ollama", "llama3.2", "" if running else "not running", 4096)


def test_one_on_another_machine_is_not_even_knocked_at() -> None:
    with OllamaClient("http://ollama.invalid:11434", timeout_s=1.0) as client:
        assert client.listens()


def test_nobody_elsewhere_would_be_asked_where_all_stays_here(state: sqlite3.Connection) -> None:
    tried = [Scripted("groq", destination="api.groq.com"), Scripted("ollama")]
    shown = links(tried, Health(state), local_only=True)
    assert [link.trouble for link in shown] == ["elsewhere", ""]


def test_a_limit_and_a_breaker_say_until_when(state: sqlite3.Connection) -> None:
    health = Health(state, lambda: NOON)
    limited, failing = Scripted("groq"), Scripted("openai")
    health.failed(limited, Remedy(rests_s=7200.0))
    for _ in range(3):
        health.failed(failing, Remedy(counts=True))
    until = [link.trouble.rpartition(" ")[0] for link in links([limited, failing], health)]
    assert until == ["limited until", "rests until"]


def test_looking_does_not_take_the_breakers_only_probe(state: sqlite3.Connection) -> None:
    now = [NOON]
    health, generator = Health(state, lambda: now[0]), Scripted("groq")
    for _ in range(3):
        health.failed(generator, Remedy(counts=True))
    now[0] = NOON.replace(minute=5)
    assert links([generator], health)[0].trouble == ""
    health.admit(generator, 100)


def test_a_database_that_cannot_be_read_is_no_trouble_of_a_provider(state: sqlite3.Connection) -> None:
    with closing(state):
        health = Health(state)
    assert links([Scripted("groq")], health)[0].trouble == ""
