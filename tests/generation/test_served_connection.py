"""How long a server that streams events is waited for, and what becomes of the connection to it."""

from __future__ import annotations

import itertools
import socket
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ragchat.core.completion import Delta
from ragchat.errors import GenerationError
from ragchat.generation.providers.deadlines import Deadlines
from tests.generation.clients import failure_of
from tests.generation.prompts import PROMPT, read
from tests.servers.events import TEXT, drip
from tests.servers.wire import drip_head, never

if TYPE_CHECKING:
    from collections.abc import Callable

    from ragchat.generation.providers.served import ServedGenerator
    from tests.generation.kinds import Kind
    from tests.servers.events import EventServer
    from tests.servers.wire import Behaviour, Wire


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port: int = closed.getsockname()[1]
    return port


def spaces(kind: Kind) -> Behaviour:
    """White space for ever: nothing that a person sees."""

    def behave(wire: Wire) -> None:
        while not wire.server.owner.stopping.wait(0.02):
            wire.piece(kind.fake.word(wire, " "))

    return behave


def stuck(wire: Wire) -> None:
    """A refusal without its end."""
    wire.send(500, b"oops", {"Content-Length": "1000"})
    wire.stall()


@pytest.mark.parametrize("behaviour", [never, drip_head, stuck, "broken never", "broken drip", "broken spaces"])
@pytest.mark.parametrize("hurried", [False, True])
def test_a_server_that_shows_nothing_is_left_in_time(
    kind: Kind,
    server: EventServer,
    make: Callable[..., ServedGenerator],
    behaviour: Behaviour | str,
    hurried: bool,
) -> None:
    streams = {"broken never": never, "broken drip": drip, "broken spaces": spaces(kind)}
    server.then(kind.fake.broken(streams[behaviour], after=0) if isinstance(behaviour, str) else behaviour)
    generator = make(deadlines=Deadlines(60.0 if hurried else 0.3, 60.0))
    with pytest.raises(GenerationError) as raised:
        read(generator.stream(replace(PROMPT, first_s=0.3 if hurried else None)))
    assert (raised.value.failure, raised.value.label) == ("timeout", "deadline_first")
    assert raised.value.hint == "Raise GROQ_TIMEOUT, or ask again."
    assert read(generator.stream(PROMPT))[0] == TEXT


def test_a_connection_that_is_used_again_is_cut_as_well(
    kind: Kind, server: EventServer, make: Callable[..., ServedGenerator]
) -> None:
    server.then(kind.fake.refuse(500, "x", "x"), drip_head)
    generator = make(deadlines=Deadlines(0.5, 60.0))
    assert [failure_of(generator).failure for _ in range(2)] == ["server", "timeout"]
    assert len({exchange.client for exchange in server.journal}) == 1
    assert server.client_left.wait(10)


@pytest.mark.parametrize("how", [never, drip])
@pytest.mark.parametrize("deadlines", [Deadlines(60.0, 0.3), Deadlines(60.0, 60.0, 0.3)])
def test_a_server_that_falls_silent_after_a_word_is_left_too(
    kind: Kind, server: EventServer, make: Callable[..., ServedGenerator], how: Behaviour, deadlines: Deadlines
) -> None:
    server.then(kind.fake.broken(how))
    completion = read(make(deadlines=deadlines).stream(PROMPT))[2]
    assert (completion.text, completion.finish, completion.failure) == ("The passages", "cut", "timeout")


def test_the_time_between_words_may_be_longer_than_that_to_the_first(
    kind: Kind, server: EventServer, make: Callable[..., ServedGenerator]
) -> None:
    def pause(wire: Wire) -> None:
        wire.server.owner.stopping.wait(1.3)
        wire.piece(kind.fake.word(wire, " [1]."))

    server.then(kind.fake.broken(pause, "Yes indeed"))
    assert read(make(deadlines=Deadlines(1.0, 60.0)).stream(PROMPT))[0] == "Yes indeed [1]."


def test_a_server_that_goes_on_showing_text_may_take_its_time(
    kind: Kind, server: EventServer, make: Callable[..., ServedGenerator]
) -> None:
    text = " ".join(["word"] * 30)
    server.then(kind.fake.answer(text))
    seconds = itertools.count(step=2.0)
    completion = read(make(clock=lambda: next(seconds)).stream(PROMPT))[2]
    assert (completion.text, completion.finish) == (text, "stop")
    assert completion.usage.total_s > 60


@pytest.mark.parametrize(
    ("url", "failure", "code"),
    [("http://cloud.invalid", "network", "dns"), ("ftp://127.0.0.1", "config", None)],
)
def test_an_address_that_cannot_be_called_is_told(
    make: Callable[..., ServedGenerator], url: str, failure: str, code: str | None
) -> None:
    error = failure_of(make(base_url=url))
    assert (error.failure, error.label) == (failure, code)


def test_a_closed_port_is_refused(kind: Kind, make: Callable[..., ServedGenerator]) -> None:
    error = failure_of(make(base_url=f"http://127.0.0.1:{closed_port()}"))
    assert (error.failure, error.label) == ("network", "refused")
    assert error.hint == f"Check {kind.prefix}_BASE_URL."


def test_a_plain_server_is_no_secure_one(server: EventServer, make: Callable[..., ServedGenerator]) -> None:
    error = failure_of(make(base_url=server.url.replace("http", "https")))
    assert (error.failure, error.label) == ("network", "tls")


def test_a_proxy_is_asked_for_other_machines_only(
    make: Callable[..., ServedGenerator], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    assert read(make().stream(PROMPT))[0] == TEXT
    assert failure_of(make(base_url="http://cloud.invalid")).label == "refused"


def test_the_destination_is_the_host_unless_it_is_this_machine(make: Callable[..., ServedGenerator]) -> None:
    assert make().destination is None
    assert make(base_url="https://api.example.com/v1").destination == "api.example.com"


def test_an_abandoned_stream_is_hung_up(
    kind: Kind, server: EventServer, make: Callable[..., ServedGenerator]
) -> None:
    server.then(kind.fake.broken(never))
    with closing(make().stream(PROMPT)) as pieces:
        next(pieces)
    assert server.client_left.wait(10)


def test_an_interrupted_stream_keeps_its_text_and_is_hung_up(
    kind: Kind, server: EventServer, make: Callable[..., ServedGenerator]
) -> None:
    server.then(kind.fake.broken(never))
    pieces = make().stream(PROMPT)
    assert next(pieces) == Delta("The")
    completion = pieces.throw(KeyboardInterrupt())
    assert server.client_left.wait(10)
    assert read([Delta("The"), completion, *pieces])[2].finish == "cut"
