"""Prices as servers list them."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from ragchat.core.pricing import Price
from ragchat.errors import GenerationError
from ragchat.generation.providers.catalogue import listed_prices
from tests.generation.listings import GPT_OSS, ListingGroq, ListingOpenAI, listing
from tests.servers.groq import KEY
from tests.servers.wire import fail, hang_up, html, never

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.servers.wire import Behaviour, Wire

PRICE = Price(Decimal("0.1"), Decimal("0.5"), Decimal("0.05"))


@pytest.fixture
def server() -> Iterator[ListingGroq]:
    with ListingGroq() as running:
        yield running


def _listed(server: ListingGroq, timeout_s: float = 10.0) -> dict[str, Price]:
    return listed_prices(server.url, KEY, path="/openai/v1/models", timeout_s=timeout_s)


def test_groq_lists_prices(server: ListingGroq) -> None:
    assert _listed(server) == {"openai/gpt-oss-20b": PRICE}


def test_what_is_no_model_has_no_price_and_no_key_is_sent_where_there_is_none() -> None:
    with ListingOpenAI() as server:
        server.models = listing({**GPT_OSS, "id": "m"}, {"pricing": GPT_OSS["pricing"]}, "no model")
        assert listed_prices(f"{server.url}/v1/", None, path="/models", timeout_s=10) == {"m": PRICE}
    assert "authorization" not in server.journal[0].headers


@pytest.mark.parametrize(
    ("pricing", "price"),
    [
        ({"prompt": "0.00000010", "completion": "0.00000050", "input_cache_read": "0.00000005"}, PRICE),
        ({"prompt": 1e-7, "completion": 5e-7, "input_cache_read": 5e-8}, PRICE),
        ({"prompt": "0.10", "completion": "0.50", "input_cache_read": "0.05"}, PRICE),
        ({"prompt": 0.1, "completion": 0.5, "input_cache_read": "-1"}, Price(Decimal("0.1"), Decimal("0.5"))),
        ({"prompt": "0.00015", "completion": "0.0006"}, Price(Decimal(150), Decimal(600))),
        ({"prompt": "0", "completion": "0.5"}, Price(Decimal(0), Decimal("0.5"))),
        ({"prompt": "0", "completion": "0"}, None),
        ({"prompt": "-1", "completion": "-1"}, None),
        ({"prompt": "10001", "completion": "1"}, None),
        ({"prompt": "NaN", "completion": "1"}, None),
        ({"prompt": "Infinity", "completion": "1"}, None),
        ({"prompt": True, "completion": True}, None),
        ({"prompt": "free"}, None),
        ({"prompt": "1"}, None),
        ("0.1", None),
    ],
)
def test_the_unit_is_told_by_the_amount_and_what_is_absurd_is_no_price(
    server: ListingGroq, pricing: Mapping[str, object] | str, price: Price | None
) -> None:
    server.models = listing({**GPT_OSS, "pricing": pricing})
    assert _listed(server).get("openai/gpt-oss-20b") == price


def test_nothing_is_believed_of_what_calls_itself_free(server: ListingGroq) -> None:
    server.models = listing({"id": "m:free", "pricing": {"prompt": "0", "completion": "0"}})
    assert _listed(server)["m:free"] == Price(Decimal(0), Decimal(0))


@pytest.mark.parametrize("reply", [fail(200, []), html, hang_up, fail(200, b"[" * 100_000)])
def test_what_is_no_list_is_an_error(server: ListingGroq, reply: Behaviour) -> None:
    server.models = reply
    with pytest.raises(GenerationError):
        _listed(server)


@pytest.mark.parametrize("reply", [fail(500, {}), fail(200, {"data": "none"})])
def test_a_refusal_lists_nothing(server: ListingGroq, reply: Behaviour) -> None:
    server.models = reply
    assert _listed(server) == {}


def _dripping(wire: Wire) -> None:
    wire.open_stream("application/json")
    while not wire.server.owner.stopping.wait(0.02):
        wire.piece(b" ")


@pytest.mark.parametrize("reply", [never, _dripping])
def test_a_server_that_is_slow_is_left(server: ListingGroq, reply: Behaviour) -> None:
    server.models = reply
    began = time.monotonic()
    with pytest.raises(GenerationError):
        _listed(server, timeout_s=0.3)
    assert time.monotonic() - began < 30
