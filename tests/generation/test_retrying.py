"""When a provider is asked again, with what, and when no more."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ragchat.core.completion import Completion, Delta
from ragchat.core.usage import Usage
from ragchat.errors import GenerationError
from ragchat.generation.chain.router import Router
from ragchat.generation.providers.deadlines import Deadlines
from ragchat.generation.providers.groq import GroqGenerator
from ragchat.resilience.limits import Limit, Limits
from ragchat.usage.budgets import Budget
from tests.generation.chains import Faraway, Scripted, extractive, outcomes, records_of, router, rows
from tests.generation.prompts import PROMPT, read
from tests.servers import groq as fake_groq
from tests.servers.wire import never

if TYPE_CHECKING:
    import sqlite3
    from collections import abc
    from collections.abc import Iterator

    from ragchat.core.completion import Piece, Prompt
    from tests.servers.groq import GroqServer
    from tests.servers.wire import Behaviour

ARGUMENT = GenerationError("It takes no temperature.", failure="other", cause="argument", http_status=400)
BUSY = GenerationError("The server failed.", failure="server", http_status=503, retry_after_s=0.0)
ANSWER = (Delta("An hour [1]."), Completion("An hour [1].", "openai", "m", Usage(), "stop"))


class Changing(Scripted):
    """Does another thing each time, and the last for ever; `asked` are the prompts."""

    def __init__(self, *scripts: tuple[Piece | BaseException, ...], destination: str | None = None) -> None:
        super().__init__("openai", destination=destination)
        self._scripts = list(scripts)
        self.asked: list[Prompt] = []

    def stream(self, prompt: Prompt) -> abc.Generator[Piece, None, None]:
        self.asked.append(prompt)
        self._script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
        return super().stream(prompt)


@pytest.mark.parametrize("refused", range(4))
def test_each_argument_that_is_refused_is_left_out_at_once_and_has_its_row(
    state: sqlite3.Connection, refused: int
) -> None:
    generator = Changing(*[(ARGUMENT,)] * refused, ANSWER)
    assert read(router(state, generator, extractive()).stream(PROMPT))[2].provider == "openai"
    assert [row["error_code"] for row in rows(state)] == ["argument"] * refused + [None]
    assert [row["attempt"] for row in rows(state)] == list(range(1, refused + 2))


def test_a_refused_argument_takes_nothing_from_what_another_failure_is_allowed(state: sqlite3.Connection) -> None:
    generator = Changing((ARGUMENT,), (BUSY,), (ARGUMENT,), ANSWER)
    assert read(router(state, generator, extractive()).stream(PROMPT))[2].provider == "openai"


def test_a_server_that_refuses_without_end_is_left(state: sqlite3.Connection) -> None:
    generator = Changing((ARGUMENT,))
    assert read(router(state, generator, extractive()).stream(PROMPT))[2].provider == "extractive"
    assert outcomes(state) == [("openai", "error", "other")] * 4 + [("extractive", "ok", None)]
    assert not state.execute("SELECT * FROM breakers").fetchall()


@pytest.fixture
def faraway(groq_server: GroqServer) -> Iterator[Faraway]:
    with closing(
        Faraway(
            api_key=fake_groq.KEY,
            base_url=groq_server.url,
            model="openai/gpt-oss-20b",
            temperature=0.2,
            max_tokens=500,
            deadlines=Deadlines(0.4, 0.4),
        )
    ) as generator:
        yield generator


@pytest.mark.parametrize("slow", [never, fake_groq.broken(fake_groq.drip, after=0)])
def test_a_slow_server_is_asked_once_more(
    state: sqlite3.Connection, faraway: Faraway, groq_server: GroqServer, slow: Behaviour
) -> None:
    groq_server.then(slow)
    assert read(router(state, faraway, extractive()).stream(PROMPT))[2].provider == "groq"
    groq_server.then(slow, slow)
    assert read(router(state, faraway, extractive()).stream(PROMPT))[2].provider == "extractive"
    assert len(groq_server.journal) == 4


def test_no_try_is_made_with_too_little_time_left(
    state: sqlite3.Connection, faraway: Faraway, groq_server: GroqServer
) -> None:
    groq_server.then(never)
    routed = Router([faraway, extractive()], records_of(state), first_word_s=5.3)
    assert read(routed.stream(PROMPT))[2].provider == "extractive"
    assert len(groq_server.journal) == 1


def test_a_wait_that_leaves_too_little_time_is_not_waited(
    state: sqlite3.Connection, faraway: Faraway, groq_server: GroqServer
) -> None:
    groq_server.then(fake_groq.refuse(429, "rate_limit_exceeded", "Slow down.", {"retry-after": "4"}))
    routed = Router([faraway, extractive()], records_of(state), first_word_s=8.0)
    assert read(routed.stream(PROMPT))[2].provider == "extractive"


def test_another_try_has_what_is_left_of_the_time(state: sqlite3.Connection) -> None:
    clock = iter(range(0, 1000, 10))
    generator = Changing((BUSY,), ANSWER, destination="api.openai.com")
    routed = Router([generator, extractive()], records_of(state), clock=lambda: float(next(clock)))
    read(routed.stream(PROMPT))
    first, second = [prompt.first_s for prompt in generator.asked]
    assert first is not None
    assert second is not None
    assert 45 > first > second >= 5


def test_a_model_on_this_machine_keeps_its_own_patience(state: sqlite3.Connection) -> None:
    slow = GenerationError("No text came within 120 s.", failure="timeout", cause="deadline_first")
    generator = Changing((slow,), ANSWER)
    assert read(router(state, generator, extractive()).stream(PROMPT))[2].provider == "extractive"
    assert [prompt.first_s for prompt in generator.asked] == [None]


class Thinking(GroqGenerator):
    """Can be given more room, up to 4,096 tokens."""

    def roomier(self) -> bool:
        if self.max_tokens > 2048:
            return False
        self.max_tokens *= 2
        return True


USED_UP = fake_groq.answer("", finish="length", reasoning=1024)


@pytest.fixture
def thinking(groq_server: GroqServer) -> Iterator[Thinking]:
    with closing(
        Thinking(
            api_key=fake_groq.KEY,
            base_url=groq_server.url,
            model="openai/gpt-oss-20b",
            temperature=0.2,
            max_tokens=500,
            deadlines=Deadlines(10, 10),
        )
    ) as generator:
        yield generator


def _asked_for(server: GroqServer) -> list[int]:
    return [exchange.body["max_completion_tokens"] for exchange in server.journal]


def test_a_model_that_used_up_its_tokens_thinking_is_given_more_once(
    state: sqlite3.Connection, thinking: Thinking, groq_server: GroqServer
) -> None:
    groq_server.then(USED_UP)
    _, notices, completion = read(router(state, thinking, extractive()).stream(PROMPT))
    assert (completion.provider, _asked_for(groq_server)) == ("groq", [1024, 2048])
    assert notices == ["Groq used up its tokens before it wrote a word; it is given more."]
    assert [(row["outcome"], row["finish_reason"]) for row in rows(state)] == [("error", "length"), ("ok", "stop")]
    groq_server.then(USED_UP, USED_UP)
    assert read(router(state, thinking, extractive()).stream(PROMPT))[2].provider == "extractive"
    assert _asked_for(groq_server)[2:] == [2048, 4096]
    assert not state.execute("SELECT * FROM breakers").fetchall()


def test_more_than_the_limit_allows_is_not_asked_for(
    state: sqlite3.Connection, thinking: Thinking, groq_server: GroqServer
) -> None:
    routed = router(state, thinking, extractive())
    moment = datetime.now(UTC) + timedelta(minutes=1)
    Limits(state).note("groq", thinking.model, [Limit("tokens", 2000, 2000, moment)])
    groq_server.then(USED_UP)
    assert read(routed.stream(PROMPT))[2].provider == "extractive"
    assert (_asked_for(groq_server), thinking.max_tokens) == ([1024], 1024)


def test_more_than_the_budget_allows_is_not_asked_for(
    state: sqlite3.Connection, thinking: Thinking, groq_server: GroqServer
) -> None:
    groq_server.then(USED_UP)
    budget = Budget(daily_tokens=2500)
    assert read(router(state, thinking, extractive(), budget=budget).stream(PROMPT))[2].provider == "extractive"
    assert (_asked_for(groq_server), thinking.max_tokens) == ([1024], 1024)


def test_a_generator_without_more_room_is_not_asked_again(state: sqlite3.Connection) -> None:
    generator = Changing((Completion("", "openai", "m", Usage(), "length"),), ANSWER)
    assert read(router(state, generator, extractive()).stream(PROMPT))[2].provider == "extractive"
    assert len(generator.asked) == 1
