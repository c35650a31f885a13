"""The chain of providers, its notices and its ledger."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from ragchat.core.completion import Completion, Delta, Notice
from ragchat.core.usage import Usage
from ragchat.errors import GenerationError
from ragchat.generation.providers.ollama import OllamaGenerator
from ragchat.generation.providers.unconfigured import Unconfigured
from ragchat.ollama.client import OllamaClient
from ragchat.privacy.consent import Consent
from tests.generation.chains import Scripted, extractive, outcomes, router, rows
from tests.generation.prompts import PROMPT, read
from tests.servers import groq as fake_groq
from tests.servers import ollama as fake_ollama
from tests.servers.wire import fail, hang_up, html, never

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from ragchat.core.completion import Piece
    from ragchat.generation.providers.groq import GroqGenerator
    from tests.servers.groq import GroqServer
    from tests.servers.ollama import OllamaServer
    from tests.servers.wire import Behaviour

REJECTED = fake_groq.refuse(401, "invalid_api_key", "Invalid API Key")


@pytest.fixture
def ollama(ollama_server: OllamaServer) -> Iterator[OllamaGenerator]:
    with OllamaClient(ollama_server.url, timeout_s=10) as client:
        yield OllamaGenerator(client, None, num_ctx=4096, temperature=0.2, max_tokens=500)


def test_the_first_that_answers_is_the_only_one_asked(
    state: sqlite3.Connection, groq: GroqGenerator, ollama: OllamaGenerator, ollama_server: OllamaServer
) -> None:
    text, notices, completion = read(router(state, groq, ollama).stream(PROMPT))
    assert (text, notices, completion.provider) == (fake_groq.TEXT, [], "groq")
    assert [exchange.path for exchange in ollama_server.journal] == []


def test_the_row_says_what_the_server_says(
    state: sqlite3.Connection, groq: GroqGenerator, groq_server: GroqServer
) -> None:
    groq_server.then(fake_groq.answer("An hour [1].", reasoning=40, cached=8))
    completion = read(router(state, groq).stream(PROMPT))[2]
    (row,) = rows(state)
    (exchange,) = groq_server.journal
    claimed = exchange.usage
    assert (row["outcome"], row["finish_reason"], row["token_source"]) == ("ok", "stop", "server")
    assert row["model"] == exchange.body["model"]
    assert row["prompt_tokens"] == claimed["prompt_tokens"]
    assert row["completion_tokens"] == claimed["completion_tokens"]
    assert (row["reasoning_tokens"], row["cached_tokens"]) == (40, 8)
    assert row["request_id"] == fake_groq.REQUEST_ID
    # 19 prompt tokens, 8 of them cached, and 43 written: dollars for a million are .075, .0375 and .30.
    assert claimed["prompt_tokens"] == 19
    assert completion.usage.cost == Decimal("0.000014025")
    assert row["cost"] == "0.000014025"


def test_a_failure_is_told_and_the_next_answers(
    state: sqlite3.Connection, groq: GroqGenerator, ollama: OllamaGenerator, groq_server: GroqServer
) -> None:
    groq_server.then(REJECTED)
    text, notices, completion = read(router(state, groq, ollama).stream(PROMPT))
    assert (text, completion.provider) == (fake_ollama.TEXT, "ollama")
    assert "Groq: the key was rejected; ollama answers instead." in notices
    first, second = rows(state)
    assert (first["outcome"], first["error_kind"], first["http_status"]) == ("error", "key", 401)
    assert (first["error_code"], first["prompt_tokens"], first["cost"]) == ("invalid_api_key", 0, "0")
    assert (second["outcome"], second["fallback_from"], second["cost"]) == ("ok", "groq", "0")
    assert (second["turn_id"], first["attempt"], second["attempt"]) == (first["turn_id"], 1, 2)
    assert second["model"] == "llama3.2:3b"


@pytest.mark.parametrize(
    "behaviour",
    [
        REJECTED,
        fake_groq.refuse(429, "rate_limit_exceeded", "x", {"retry-after": "578"}),
        fake_groq.refuse(413, "rate_limit_exceeded", "x"),
        fake_groq.refuse(404, "model_not_found", "x"),
        fake_groq.refuse(498, "capacity_exceeded", "x"),
        fail(503),
        html,
        hang_up,
        fake_groq.answer("", finish="stop"),
        fake_groq.answer(" \n", finish="length", reasoning=1024),
        fake_groq.broken(fake_groq.end, after=0),
        fake_groq.broken(fake_groq.malformed_chunk, after=0),
        fake_groq.broken(fake_groq.error_event, after=0),
        fake_groq.broken(fake_groq.x_groq_error, after=0),
        fake_groq.broken(hang_up, after=0),
        fake_groq.broken(hang_up, "\n\n text", after=0),
    ],
)
def test_whatever_fails_before_the_first_word_somebody_answers(
    state: sqlite3.Connection, groq: GroqGenerator, groq_server: GroqServer, behaviour: Behaviour
) -> None:
    groq_server.then(*[behaviour] * 3)
    text, notices, completion = read(router(state, groq, extractive()).stream(PROMPT))
    assert (text, completion.provider, completion.finish) == ("Best sentence [1].", "extractive", "degraded")
    assert completion.usage.cost == Decimal(0)
    assert notices[-1].startswith("Groq: ")
    assert notices[-1].endswith("; extractive answers instead.")
    assert [row["outcome"] for row in rows(state)] == [*["error"] * len(groq_server.journal), "ok"]
    assert [row["fallback_from"] for row in rows(state)][-1] == "groq"


def test_tokens_of_an_answer_without_text_are_counted_all_the_same(
    state: sqlite3.Connection, groq: GroqGenerator, groq_server: GroqServer
) -> None:
    groq_server.then(*[fake_groq.answer("", finish="length", reasoning=tokens) for tokens in (1024, 2048)])
    _, notices, _ = read(router(state, groq, extractive()).stream(PROMPT))
    assert notices == [
        "Groq used up its tokens before it wrote a word; it is given more.",
        "Groq: the model used up its tokens before it wrote a word; extractive answers instead.",
    ]
    for row, tokens in zip(rows(state)[:2], (1024, 2048), strict=True):
        assert (row["error_kind"], row["completion_tokens"], row["finish_reason"]) == ("garbage", tokens, "length")
        assert row["cost"] is not None


def test_a_limit_keeps_the_servers_own_word(
    state: sqlite3.Connection, groq: GroqGenerator, groq_server: GroqServer
) -> None:
    groq_server.then(fake_groq.refuse(429, "rate_limit_exceeded", "Please try again in 9m38.016s."))
    _, notices, _ = read(router(state, groq, extractive()).stream(PROMPT))
    assert notices == ["Groq: the limit is reached for 10 min; extractive answers instead."]
    row = rows(state)[0]
    assert (row["retry_after_s"], row["request_id"]) == (578.016, fake_groq.REQUEST_ID)
    assert row["cost"] is None


def test_white_space_is_no_first_word(state: sqlite3.Connection) -> None:
    blank = Scripted("groq", Delta("\n"), GenerationError("It broke.", failure="server"))
    text, _, _ = read(router(state, blank, extractive()).stream(PROMPT))
    assert text == "Best sentence [1]."


def test_white_space_before_the_first_word_is_kept(state: sqlite3.Connection) -> None:
    done = Completion("\n Yes.", "groq", "m", Usage(), "stop")
    assert read(router(state, Scripted("groq", Delta("\n"), Delta(" Yes."), done)).stream(PROMPT))[0] == "\n Yes."


@pytest.mark.parametrize("how", [fake_groq.end, fake_groq.malformed_chunk, fake_groq.x_groq_error, hang_up])
def test_after_the_first_word_the_text_is_kept_and_what_the_passages_say_is_added(
    state: sqlite3.Connection, groq: GroqGenerator, groq_server: GroqServer, how: Behaviour
) -> None:
    groq_server.then(fake_groq.broken(how))
    text, notices, completion = read(router(state, groq, extractive()).stream(PROMPT))
    assert (text, completion.finish) == ("The passages\n\nBest sentence [1].", "cut")
    assert completion.provider == "groq"
    assert len(notices) == 1
    row, added = rows(state)
    assert (row["outcome"], row["error_kind"]) == ("partial", completion.failure)
    assert (row["token_source"], row["cost"]) == ("estimate", None)
    assert (added["provider"], added["outcome"]) == ("extractive", "ok")
    assert len(groq_server.journal) == 1


def test_a_refused_provider_gets_nothing_and_is_told_once(
    state: sqlite3.Connection, groq_server: GroqServer
) -> None:
    consent = Consent(state, "never", "notes", None)
    away = Scripted("groq", Delta("never seen"), destination="api.groq.com")
    routed = router(state, away, extractive(), gate=consent)
    _, first, _ = read(routed.stream(PROMPT))
    _, second, _ = read(routed.stream(PROMPT))
    assert first == ["Groq: nothing may leave this machine (RAGCHAT_CLOUD=never); extractive answers instead."]
    assert second == []
    row = rows(state)[0]
    assert (row["outcome"], row["error_code"], row["destination"]) == ("skipped", "consent", "api.groq.com")


@pytest.mark.parametrize(("destination", "cost"), [(None, "0"), ("gpu-box.invalid", None)])
def test_a_model_of_ollama_is_free_only_where_it_runs_here(
    state: sqlite3.Connection, destination: str | None, cost: str | None
) -> None:
    completion = Completion("An hour [1].", "ollama", "llama3.2:3b", Usage(9, 3, source="server"), "stop")
    answering = Scripted("ollama", Delta("An hour [1]."), completion, destination=destination)
    read(router(state, answering).stream(PROMPT))
    assert rows(state)[0]["cost"] == cost


def test_a_provider_nobody_set_up_is_skipped_without_a_word(state: sqlite3.Connection) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    missing = Unconfigured("groq", "openai/gpt-oss-20b", "GROQ_API_KEY is not set.", "Set it.")
    with OllamaClient(f"http://127.0.0.1:{port}", timeout_s=10) as client:
        absent = OllamaGenerator(client, None, num_ctx=4096, temperature=0, max_tokens=9)
        routed = router(state, missing, absent, extractive(), unasked=frozenset({"groq", "ollama"}))
        assert read(routed.stream(PROMPT))[1] == []
    assert outcomes(state) == [
        ("groq", "skipped", "config"),
        ("ollama", "skipped", "network"),  # refused: nothing was sent
        ("extractive", "ok", None),
    ]


def test_a_key_that_may_not_be_used_is_told(state: sqlite3.Connection) -> None:
    withheld = Unconfigured("groq", "m", "GROQ_API_KEY and GROQ_BASE_URL come from different sources.", "…")
    _, notices, _ = read(router(state, withheld, extractive()).stream(PROMPT))
    assert notices == ["GROQ_API_KEY and GROQ_BASE_URL come from different sources; extractive answers instead."]


def test_when_nobody_answers_every_reason_is_named(
    state: sqlite3.Connection, groq: GroqGenerator, groq_server: GroqServer
) -> None:
    groq_server.then(REJECTED, REJECTED)
    silent = Scripted("ollama", GenerationError("Ollama is busy.", "Wait.", failure="other"))
    with pytest.raises(GenerationError) as raised:
        read(router(state, groq, silent).stream(PROMPT))
    assert raised.value.message == "No provider answered. Groq: the key was rejected; Ollama is busy."
    assert raised.value.hint
    with pytest.raises(GenerationError) as alone:
        read(router(state, groq).stream(PROMPT))
    assert (alone.value.message, alone.value.http_status) == ("Groq: the key was rejected.", 401)


def test_an_interruption_thrown_in_keeps_the_text(
    state: sqlite3.Connection, groq: GroqGenerator, groq_server: GroqServer
) -> None:
    groq_server.then(fake_groq.broken(never))
    pieces = router(state, groq, extractive()).stream(PROMPT)
    assert next(pieces) == Delta("The")
    completion = pieces.throw(KeyboardInterrupt())
    assert isinstance(completion, Completion)
    assert (completion.text, completion.finish) == ("The", "cut")
    assert groq_server.client_left.wait(10)
    assert list(pieces) == []
    assert outcomes(state) == [("groq", "cancelled", None)]
    assert rows(state)[0]["token_source"] == "estimate"


def test_an_interruption_raised_inside_keeps_the_text(state: sqlite3.Connection) -> None:
    interrupted = Scripted("ollama", Delta("Half"), KeyboardInterrupt())
    text, _, completion = read(router(state, interrupted, extractive()).stream(PROMPT))
    assert (text, completion.finish, completion.usage.cost) == ("Half", "cut", Decimal(0))
    assert outcomes(state) == [("ollama", "cancelled", None)]


@pytest.mark.parametrize("script", [(), (Delta("\n"),), (Notice("loading"),)])
def test_an_interruption_before_the_first_word_is_raised(
    state: sqlite3.Connection, script: tuple[Piece, ...]
) -> None:
    with pytest.raises(KeyboardInterrupt):
        read(router(state, Scripted("groq", *script, KeyboardInterrupt()), extractive()).stream(PROMPT))
    assert outcomes(state) == [("groq", "cancelled", None)]


def test_an_interruption_after_the_end_changes_nothing(state: sqlite3.Connection) -> None:
    pieces = router(state, extractive()).stream(PROMPT)
    while not isinstance(next(pieces), Completion):
        pass
    with pytest.raises(KeyboardInterrupt):
        pieces.throw(KeyboardInterrupt())
    assert outcomes(state) == [("extractive", "ok", None)]


def test_an_interrupted_provider_is_closed_before_the_end_is_told(state: sqlite3.Connection) -> None:
    slow = Scripted("ollama", Delta("Half"), Delta(" a word"))
    pieces = router(state, slow).stream(PROMPT)
    next(pieces)
    completion = pieces.throw(KeyboardInterrupt())
    assert isinstance(completion, Completion)
    assert slow.closed


def test_an_abandoned_answer_is_cancelled(
    state: sqlite3.Connection, groq: GroqGenerator, groq_server: GroqServer
) -> None:
    groq_server.then(fake_groq.broken(never))
    with closing(router(state, groq, extractive()).stream(PROMPT)) as pieces:
        next(pieces)
    assert groq_server.client_left.wait(10)
    assert outcomes(state) == [("groq", "cancelled", None)]


def test_a_fault_of_ours_ends_its_row_too(state: sqlite3.Connection) -> None:
    with pytest.raises(ZeroDivisionError):
        read(router(state, Scripted("groq", ZeroDivisionError("bug")), extractive()).stream(PROMPT))
    assert outcomes(state) == [("groq", "error", "other")]


def test_the_row_of_a_running_attempt_is_there_already(state: sqlite3.Connection) -> None:
    pieces = router(state, extractive()).stream(PROMPT)
    next(pieces)
    assert [row["outcome"] for row in rows(state)] == ["running"]
    pieces.close()


def test_a_ledger_that_cannot_be_written_stops_no_answer(state: sqlite3.Connection) -> None:
    state.execute("PRAGMA query_only = ON")
    text, notices, _ = read(router(state, extractive()).stream(PROMPT))
    assert text == "Best sentence [1]."
    assert len(notices) == 1
    assert notices[0].startswith("The usage ledger cannot be written: ")


def test_neither_key_nor_prompt_is_kept(
    state: sqlite3.Connection, groq: GroqGenerator, groq_server: GroqServer
) -> None:
    groq_server.then(fake_groq.refuse(400, "weird", f"bad key {fake_groq.KEY}"), fake_groq.answer())
    routed = router(state, groq, extractive())
    seen = [read(routed.stream(PROMPT)) for _ in range(2)]
    kept = json.dumps(rows(state)) + repr(seen)
    assert fake_groq.KEY not in kept
    assert PROMPT.question not in json.dumps(rows(state))


def test_an_answer_from_a_part_of_the_prompt_is_marked_in_the_ledger(state: sqlite3.Connection) -> None:
    completion = Completion("An hour [1].", "ollama", "m", Usage(), "stop", truncated=True)
    read(router(state, Scripted("ollama", Delta("An hour [1]."), completion), extractive()).stream(PROMPT))
    assert [(row["outcome"], row["truncated"]) for row in rows(state)] == [("ok", 1)]
