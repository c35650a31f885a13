"""Experiments: some sessions are answered by another provider, model or temperature, to be compared later."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_ROLLOUT = re.compile(r"(?P<provider>[a-z]+):(?P<percent>\d{1,3})")
_ARM = re.compile(r"(?P<provider>[a-z]+)(?:/(?P<model>[^@,\s]+))?(?:@(?P<temperature>\d+(?:\.\d+)?))?")
_HOTTEST = 2.0


@dataclass(frozen=True, slots=True)
class Arm:
    """`provider` is asked first, with `model` and `temperature` where they are given; the ledger says `name`."""

    name: str
    provider: str
    model: str | None = None
    temperature: float | None = None


@dataclass(frozen=True, slots=True)
class Rollout:
    """`provider` is asked first in `percent` of a hundred sessions."""

    provider: str
    percent: int


def rollout(text: str) -> Rollout:
    """`ollama:10` as a value; raises `ValueError`."""
    found = _ROLLOUT.fullmatch(text.strip())
    if found is None or int(found["percent"]) > 100:
        raise ValueError("not a provider and a share in percent")
    return Rollout(found["provider"], int(found["percent"]))


def arms(text: str) -> tuple[Arm, ...]:
    """`groq/openai/gpt-oss-20b@0.2, ollama` as values, two at the least; raises `ValueError`."""
    found = tuple(_arm(part.strip()) for part in text.split(","))
    if len(found) < 2 or len({arm.name for arm in found}) < len(found):
        raise ValueError("an experiment has two arms at the least, each once")
    return found


def drawn(
    planned: Rollout | None, experiment: Sequence[Arm], draw: Callable[[], float] = random.random
) -> Arm | None:
    """The arm of a new session, for as long as it lasts; None without an experiment.

    `draw` gives a number from 0 up to 1. Of a rollout, those that go on as before are an arm too.
    """
    if experiment:
        return experiment[int(draw() * len(experiment))]
    if planned is None:
        return None
    chosen = draw() * 100 < planned.percent
    return Arm(
        f"{planned.provider} {planned.percent}%" if chosen else "as before", planned.provider if chosen else ""
    )


def _arm(text: str) -> Arm:
    found = _ARM.fullmatch(text)
    temperature = float(found["temperature"]) if found and found["temperature"] else None
    if found is None or (temperature or 0.0) > _HOTTEST:
        raise ValueError("not provider/model@temperature")
    return Arm(text, found["provider"], found["model"], temperature)
