"""What one event of a stream says, whoever sent it, and what JSON from elsewhere is read with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import inf
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from ragchat.core.usage import Usage

Fields: TypeAlias = Mapping[str, object]


class Chunk(NamedTuple):
    """The next visible text, why the answer ends, what it took, or what went wrong.

    `finish` is `length` and `content_filter` where it is the limit of tokens and the server's filter;
    `request_id` is the server's name for the request, where the chunk says it. A tuple: each token makes one.
    """

    text: str = ""
    finish: str | None = None
    usage: Usage | None = None
    error: object = None
    done: bool = False
    request_id: str | None = None


def frame(data: bytes) -> Fields:
    """The JSON object of an event; raises `ValueError` for what is none."""
    decoded = json.loads(data)
    if not isinstance(decoded, dict):
        raise ValueError("a chunk is a JSON object")
    return decoded


def fields(value: object) -> Fields:
    """`value` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def count(counted: Fields, name: str) -> int | None:
    """The number of that name; None for what is no count."""
    value = counted.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def seconds(counted: Fields, name: str) -> float | None:
    """The time of that name; None for what is none."""
    value = counted.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < inf else None


def string(value: object) -> str | None:
    """`value` if it is a string."""
    return value if isinstance(value, str) else None
