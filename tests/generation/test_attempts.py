"""One provider is asked again where that helps, left alone where it does not, and never beyond a budget."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from ragchat.core.completion import Completion, Delta, Notice, Shortened
from ragchat.core.usage import Usage
from ragchat.generation.chain.router import Router
from ragchat.generation.providers.deadlines import Deadlines
from ragchat.generation.providers.groq import GroqGenerator
from ragchat.pipeline.prompting import make_prompt
from ragchat.usage.budgets import Budget
from ragchat.usage.calibration import Calibration
from ragchat.usage.ledger import Ledger
from tests.generation.chains import Scripted, extractive, records_of, router, rows
from tests.generation.prompts import PROMPT, read
from tests.pipeline.passages import passage
from tests.servers import groq as fake_groq
from tests.servers.wire import fail

if TYPE_CHECKING:
    import sqlite3

    from ragchat.generation.chain.health import Health
    from ragchat.usage.ledger import Ending
    from tests.servers.groq import GroqServer

SLOW_DOWN = fake_groq.refuse(429, "rate_limit_exceeded", "Slow down.", {"retry-after": "1"})
LONG = fake_groq.refuse(429, "rate_limit_exceeded", "Tokens per day.", {"retry-after": "578"})
NEARLY = {"x-ratelimit-remaining-requests": "90", "x-ratelimit-reset-requests": "2h"}
TOO_LARGE = fake_groq.refuse(413, "rate_limit_exceeded", "Request too large: Limit 8000, Requested 32979.")


class _Clock:
    """Wall-clock time that tests move."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment


def test_what_the_server_asks_to_wait_is_waited_and_no_less(
    state: sqlite3.Connection, groq: GroqGenerator, groq_server: GroqServer
) -> None:
    groq_server.then(SLOW_DOWN)
    began = time.monotonic()
    text, notices, completion = read(router(state, groq, extractive()).stream(PROMPT))
    assert time.monotonic() - began >= 1.0
    assert (text, completion.provider) == (fake_groq.TEXT, "groq")
    assert notices == ["Groq asks to wait 1 s; Ctrl-C lets another provider answer now."]
    assert [(row["outcome"], row["waited_s"]) for row in rows(state)] == [("error", None), ("ok", 1.0)]


def test_ctrl_c_while_it_waits_lets_another_answer(
    state: sqlite3.Connection, groq: GroqGenerator, groq_server: GroqServer
) -> None:
    groq_server.then(fake_groq.refuse(429, "rate_limit_exceeded", "Slow down.", {"retry-after": "5"}))
    pieces = router(state, groq, extractive()).stream(PROMPT)
    waiting = next(pieces)
    assert isinstance(waiting, Notice)
    first = pieces.throw(KeyboardInterrupt())
    text, _, completion = read([first, *pieces])
    assert (text, completion.provider) == ("Best sentence [1].", "extractive")
    assert len(groq_server.journal) == 1


def test_nobody_waits_for_a_limit_of_minutes_and_it_is_remembered(
    state: sqlite3.Connection, groq: GroqGenerator, groq_server: GroqServer
) -> None:
    groq_server.then(LONG)
    clock = _Clock()
    first = read(router(state, groq, extractive(), now=clock).stream(PROMPT))
    # Another process, a moment later, need not ask.
    second = read(router(state, groq, extractive(), now=clock).stream(PROMPT))
    assert [first[2].provider, second[2].provider] == ["extractive", "extractive"]
    assert "its limit is reached until" in second[1][0]
    assert len(groq_server.journal) == 1
    clock.moment += timedelta(seconds=579)
    assert read(router(state, groq, extractive(), now=clock).stream(PROMPT))[2].provider == "groq"


def test_a_provider_that_keeps_failing_rests_and_is_tried_again(
    state: sqlite3.Connection, groq: GroqGenerator, groq_server: GroqServer
) -> None:
    groq_server.then(*[fail(500)] * 3)
    clock = _Clock()
    assert read(router(state, groq, extractive(), now=clock).stream(PROMPT))[2].provider == "extractive"
    assert len(groq_server.journal) == 3
    _, notices, completion = read(router(state, groq, extractive(), now=clock).stream(PROMPT))
    assert completion.provider == "extractive"
    assert "it failed again and again" in notices[0]
    assert (rows(state)[-2]["outcome"], rows(state)[-2]["error_kind"]) == ("skipped", "breaker")
    assert len(groq_server.journal) == 3
    clock.moment += timedelta(seconds=31)
    assert read(router(state, groq, extractive(), now=clock).stream(PROMPT))[2].provider == "groq"


def test_a_question_that_is_too_large_is_asked_with_fewer_passages(
    state: sqlite3.Connection, groq: GroqGenerator, groq_server: GroqServer
) -> None:
    groq_server.then(TOO_LARGE)
    passages = [passage("Bread should cool. " * 60, source=f"/docs/{number}.md") for number in range(8)]
    prompt = make_prompt("How long should bread cool?", passages, (), 100_000)
    pieces = list(router(state, groq, extractive()).stream(prompt))
    (shortened,) = [piece for piece in pieces if isinstance(piece, Shortened)]
    assert 1 <= shortened.passages < 8
    first, second = [exchange.body["messages"][-1]["content"] for exchange in groq_server.journal]
    assert first.count("<passage") == 8
    assert second.count("<passage") == shortened.passages
    assert [row["outcome"] for row in rows(state)] == ["error", "ok"]


def test_a_refused_key_is_not_tried_again_in_this_session(
    state: sqlite3.Connection, groq: GroqGenerator, groq_server: GroqServer
) -> None:
    groq_server.then(fake_groq.refuse(401, "invalid_api_key", "Invalid API Key"))
    routed = router(state, groq, extractive())
    assert read(routed.stream(PROMPT))[1] == ["Groq: the key was rejected; extractive answers instead."]
    _, notices, completion = read(routed.stream(PROMPT))
    assert (notices, completion.provider) == ([], "extractive")
    assert len(groq_server.journal) == 1
    assert read(router(state, groq, extractive()).stream(PROMPT))[2].provider == "groq"


def test_a_call_that_could_cost_more_than_is_left_is_not_made(
    state: sqlite3.Connection, groq: GroqGenerator, groq_server: GroqServer
) -> None:
    budget = Budget(daily_usd=Decimal("0.000001"))
    _, notices, completion = read(router(state, groq, extractive(), budget=budget).stream(PROMPT))
    assert completion.provider == "extractive"
    assert "budget" in notices[0]
    assert groq_server.journal == []
    assert [(row["outcome"], row["error_kind"]) for row in rows(state)] == [("skipped", "budget"), ("ok", None)]


def test_a_limit_that_comes_near_is_told_once(state: sqlite3.Connection, groq_server: GroqServer) -> None:
    health: list[Health] = []
    with closing(
        GroqGenerator(
            api_key=fake_groq.KEY,
            base_url=groq_server.url,
            model="openai/gpt-oss-20b",
            temperature=0.2,
            max_tokens=500,
            deadlines=Deadlines(10, 10),
            heard=lambda model, headers: health[0].heard("groq", model, {**headers, **NEARLY}),
        )
    ) as groq:
        routed = router(state, groq, extractive(), health=health)
        assert ["Groq: 90 of 1,000 requests remain" in "".join(read(routed.stream(PROMPT))[1]) for _ in "ab"] == [
            True,
            False,
        ]


def test_a_budget_that_cannot_be_looked_up_is_no_leave_to_spend(
    state: sqlite3.Connection, groq: GroqGenerator, groq_server: GroqServer
) -> None:
    routed = router(state, groq, extractive(), budget=Budget(daily_usd=Decimal(1)))
    state.execute("PRAGMA query_only = ON")
    _, notices, completion = read(routed.stream(PROMPT))
    assert completion.provider == "extractive"
    assert any("budget cannot be looked up" in notice for notice in notices), notices
    assert groq_server.journal == []


def test_what_no_server_can_mean_is_no_reason_to_lose_an_answer(
    state: sqlite3.Connection, groq: GroqGenerator, groq_server: GroqServer
) -> None:
    groq_server.then(fake_groq.answer("An hour [1].", reasoning=10**20), fake_groq.refuse(400, "\ud800", "no"))
    assert read(router(state, groq, extractive()).stream(PROMPT))[0] == "An hour [1]."
    assert read(router(state, groq, extractive()).stream(PROMPT))[2].provider == "extractive"
    first, second = rows(state)[:2]
    assert (first["outcome"], first["reasoning_tokens"]) == ("ok", None)
    assert (second["outcome"], second["error_code"]) == ("error", "?")


def test_ctrl_c_at_a_warning_after_the_end_loses_nothing(state: sqlite3.Connection, groq: GroqGenerator) -> None:
    state.execute("PRAGMA query_only = ON")  # the ledger's trouble is told behind the answer
    pieces = router(state, groq, extractive()).stream(PROMPT)
    for piece in pieces:
        if isinstance(piece, Notice):
            break
    completion = pieces.throw(KeyboardInterrupt())
    assert isinstance(completion, Completion)
    assert (completion.text, completion.finish) == (fake_groq.TEXT, "stop")


class _Interrupted(Calibration):
    """Ctrl-C falls into what is learned from an answer."""

    def learn(self, *_told: object) -> None:
        raise KeyboardInterrupt


def test_ctrl_c_in_the_bookkeeping_after_the_end_loses_nothing(
    state: sqlite3.Connection, groq: GroqGenerator
) -> None:
    records = replace(records_of(state), calibration=_Interrupted(state))
    text, _, completion = read(Router([groq, extractive()], records).stream(PROMPT))
    assert (text, completion.text, completion.finish) == (fake_groq.TEXT, fake_groq.TEXT, "stop")
    assert [row["outcome"] for row in rows(state)] == ["ok"]


class _InterruptedLedger(Ledger):
    """Ctrl-C falls into the first end of a row."""

    struck = False

    def finish(self, row: int, ending: Ending) -> None:
        if not self.struck:
            self.struck = True
            raise KeyboardInterrupt
        super().finish(row, ending)


def test_ctrl_c_while_a_row_is_ended_leaves_no_row_without_an_end(
    state: sqlite3.Connection, groq: GroqGenerator
) -> None:
    records = replace(records_of(state), ledger=_InterruptedLedger(state, "notes"))
    text, _, completion = read(Router([groq, extractive()], records).stream(PROMPT))
    assert (text, completion.text, completion.finish) == (fake_groq.TEXT, fake_groq.TEXT, "cut")
    assert [row["outcome"] for row in rows(state)] == ["cancelled"]


def test_ctrl_c_below_a_cut_answer_keeps_what_was_shown(
    state: sqlite3.Connection, groq: GroqGenerator, groq_server: GroqServer
) -> None:
    groq_server.then(fake_groq.broken(fake_groq.end))
    pieces = router(state, groq, extractive()).stream(PROMPT)
    for piece in pieces:
        if isinstance(piece, Delta) and not piece.text.strip():
            break
    completion = pieces.throw(KeyboardInterrupt())
    assert isinstance(completion, Completion)
    assert (completion.text, completion.finish) == ("The passages\n\n", "cut")


def test_ctrl_c_before_anything_was_shown_is_raised(
    state: sqlite3.Connection, groq: GroqGenerator, groq_server: GroqServer
) -> None:
    groq_server.then(fake_groq.refuse(401, "invalid_api_key", "Invalid API Key"))
    pieces = router(state, groq, extractive()).stream(PROMPT)
    assert isinstance(next(pieces), Notice)
    with pytest.raises(KeyboardInterrupt):
        pieces.throw(KeyboardInterrupt())


def test_an_answer_stopped_by_a_filter_is_no_absence(state: sqlite3.Connection) -> None:
    filtered = Completion("Half", "openai", "m", Usage(), "cut", failure="other")
    for _ in range(4):
        read(router(state, Scripted("openai", Delta("Half"), filtered)).stream(PROMPT))
    assert [row["outcome"] for row in rows(state)] == ["partial"] * 4


@pytest.mark.parametrize(("status", "code"), [(404, "model_not_found"), (400, "model_decommissioned")])
def test_a_model_that_is_gone_is_replaced_and_that_is_told(
    state: sqlite3.Connection, groq: GroqGenerator, groq_server: GroqServer, status: int, code: str
) -> None:
    groq_server.then(fake_groq.refuse(status, code, "The model is gone."))
    routed = router(state, groq, extractive())
    text, notices, completion = read(routed.stream(PROMPT))
    assert (text, completion.provider, completion.model) == (fake_groq.TEXT, "groq", "openai/gpt-oss-120b")
    assert notices == [
        "Groq has no model openai/gpt-oss-20b any more; openai/gpt-oss-120b answers. Choose it for good."
    ]
    assert [row["model"] for row in rows(state)] == ["openai/gpt-oss-20b", "openai/gpt-oss-120b"]
    assert read(routed.stream(PROMPT))[1] == []


def test_where_every_model_is_gone_another_provider_answers(
    state: sqlite3.Connection, groq: GroqGenerator, groq_server: GroqServer
) -> None:
    groq_server.then(*[fake_groq.refuse(404, "model_not_found", "The model is gone.")] * 3)
    assert read(router(state, groq, extractive()).stream(PROMPT))[2].provider == "extractive"
    assert len(groq_server.journal) == 2


@pytest.mark.parametrize("word", ["refused", "dns", "consent", "off", "used_up", "argument"])
def test_what_a_server_calls_a_failure_decides_nothing(
    state: sqlite3.Connection, groq: GroqGenerator, groq_server: GroqServer, word: str
) -> None:
    groq_server.then(fake_groq.refuse(400, word, "no"))
    unasked = router(state, groq, extractive(), unasked=frozenset({"groq"}))
    _, notices, _ = read(unasked.stream(PROMPT))
    assert notices == ["Groq: the request was refused: no; extractive answers instead."]
    (row, _) = rows(state)
    assert (row["outcome"], row["error_code"], row["prompt_tokens"]) == ("error", word, None)
    assert len(groq_server.journal) == 1
