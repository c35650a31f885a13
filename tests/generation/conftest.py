"""Generators over the fake servers."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ragchat.generation.providers.deadlines import Deadlines
from ragchat.generation.providers.groq import GroqGenerator
from tests.servers import groq as fake_groq

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.groq import GroqServer


@pytest.fixture
def groq(groq_server: GroqServer) -> Iterator[GroqGenerator]:
    with closing(
        GroqGenerator(
            api_key=fake_groq.KEY,
            base_url=groq_server.url,
            model="openai/gpt-oss-20b",
            temperature=0.2,
            max_tokens=500,
            deadlines=Deadlines(10, 10),
        )
    ) as generator:
        yield generator
