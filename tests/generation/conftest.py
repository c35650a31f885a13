"""Generators over the fake servers."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ragchat.generation.providers.deadlines import Deadlines
from ragchat.generation.providers.groq import GroqGenerator
from tests.generation.clients import clients
from tests.generation.kinds import KINDS, Kind
from tests.servers import groq as fake_groq

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ragchat.generation.providers.served import ServedGenerator
    from tests.servers.events import EventServer
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


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


@pytest.fixture
def server(kind: Kind) -> Iterator[EventServer]:
    with kind.server(key=kind.fake.KEY) as running:
        yield running


@pytest.fixture
def make(kind: Kind, server: EventServer) -> Iterator[Callable[..., ServedGenerator]]:
    with clients(kind.client, api_key=kind.fake.KEY, base_url=server.url + kind.base, model=kind.model) as make:
        yield make
