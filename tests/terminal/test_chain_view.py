"""The chain on one line."""

from __future__ import annotations

from ragchat.generation.chain.links import Link
from ragchat.terminal.views.chain import chain


def test_a_chain_names_models_and_troubles() -> None:
    links = (
        Link("groq", "openai/gpt-oss-20b"),
        Link("ollama", "", "not running"),
        Link("extractive", "extractive"),
    )
    assert chain(links) == "groq · openai/gpt-oss-20b → ollama (not running) → extractive"


def test_a_models_name_is_made_visible() -> None:
    assert chain([Link("openai", "m\x1b[2J\nx")]) == "openai · m x"
