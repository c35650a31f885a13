"""Who is asked first."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.core.experiments import Arm, Rollout, arms, drawn, rollout
from ragchat.generation.chain.ordering import ordered
from tests.generation.chains import Scripted, extractive

if TYPE_CHECKING:
    from ragchat.core.protocols import Generator

PRICES = {"groq": Decimal("0.0002"), "ollama": Decimal(0), "openai": None}
SPEEDS = {"groq": 0.6, "ollama": 4.0, "openai": None}


def _chain() -> list[Generator]:
    return [Scripted("openai"), Scripted("groq"), Scripted("ollama"), extractive()]


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("listed", ["openai", "groq", "ollama", "extractive"]),
        ("cheapest", ["ollama", "groq", "openai", "extractive"]),
        ("fastest", ["openai", "groq", "ollama", "extractive"]),
    ],
)
def test_the_order_is_the_one_asked_for(order: str, names: list[str]) -> None:
    found = ordered(
        _chain(),
        order,  # type: ignore[arg-type]
        price=lambda one: PRICES[one.provider],
        speed=lambda one: SPEEDS[one.provider],
    )
    assert [one.provider for one in found] == names


def test_a_rollout_reaches_its_share_of_the_sessions() -> None:
    planned = rollout("ollama:10")
    assert planned == Rollout("ollama", 10)
    sessions = [drawn(planned, (), lambda number=number: number / 1000) for number in range(1000)]  # type: ignore[misc]
    assert [arm.provider for arm in sessions if arm].count("ollama") == 100
    assert {arm.name for arm in sessions if arm} == {"ollama 10%", "as before"}
    assert drawn(None, ()) is None


def test_the_arms_of_an_experiment_are_equally_likely() -> None:
    experiment = arms("groq/openai/gpt-oss-20b@0.2, groq/openai/gpt-oss-120b, ollama@0")
    assert experiment[0] == Arm("groq/openai/gpt-oss-20b@0.2", "groq", "openai/gpt-oss-20b", 0.2)
    assert experiment[2] == Arm("ollama@0", "ollama", None, 0.0)
    sessions = [drawn(None, experiment, lambda number=number: number / 300) for number in range(300)]  # type: ignore[misc]
    assert [sessions.count(arm) for arm in experiment] == [100, 100, 100]


@pytest.mark.parametrize("text", ["", "ollama", "ollama:", "ollama:101", ":10", "ollama:-1", "ollama:ten"])
def test_what_is_no_rollout_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        rollout(text)


@pytest.mark.parametrize("text", ["", "groq", "groq,groq", "groq/,ollama", "groq@9,ollama", "groq@x,ollama"])
def test_what_is_no_experiment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        arms(text)


@given(st.text())
def test_any_text_is_an_experiment_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert len(arms(text)) > 1
