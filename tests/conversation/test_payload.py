"""A turn is stored with everything that was said about it, whatever it says."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.conversation.payload import packed, turn_shape, unpacked
from ragchat.errors import StorageError
from tests.conversation.turns import turn

if TYPE_CHECKING:
    from decimal import Decimal


@given(question=st.text(), text=st.text(), cost=st.none() | st.decimals(allow_nan=False, allow_infinity=False))
def test_any_turn_comes_back_equal(question: str, text: str, cost: Decimal | None) -> None:
    before = turn(question, text)
    usage = replace(before.answer.completion.usage, cost=cost)
    before = replace(
        before, answer=replace(before.answer, completion=replace(before.answer.completion, usage=usage))
    )
    assert unpacked(packed(before)) == before


def test_half_a_character_becomes_a_question_mark() -> None:
    assert unpacked(packed(turn("half \ud800"))).question == "half ?"


def test_money_loses_no_digit() -> None:
    shape = json.loads(json.dumps(turn_shape(turn("How long?"))))
    assert shape["answer"]["completion"]["usage"]["cost"] == "0.00010"


def test_a_turn_from_before_answers_were_told_from_cached_ones_can_be_read() -> None:
    shape = json.loads(packed(turn("How long?")))
    del shape["turn"]["answer"]["completion"]["cached"], shape["turn"]["answer"]["completion"]["saved_cost"]
    assert unpacked(json.dumps(shape).encode()) == turn("How long?")


@given(raw=st.binary() | st.sampled_from([b"{}", b"[]", b"null", b'{"version": 1}', b"[" * 20_000]))
def test_what_is_no_turn_is_refused_in_a_sentence(raw: bytes) -> None:
    with pytest.raises(StorageError, match=r"\.$"):
        unpacked(raw)
