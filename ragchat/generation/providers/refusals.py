"""What a server says when it refuses: the error's code and sentence, sizes, and how long to wait.

The shapes are those of the OpenAI wire, as Groq, OpenAI, vLLM, llama.cpp's server and OpenRouter write them, and
that of Anthropic, which is marked as an error and has a `type` in place of a code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from math import ceil
from time import time
from typing import TYPE_CHECKING

from ragchat.resilience.durations import seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_SHOWN = 200
_KEY = re.compile(r"\b(?:gsk_|sk-)[\w*-]+")
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,9})?")
_WAIT = re.compile(r"try again in ((?:\d+(?:\.\d+)?(?:h|ms|µs|us|ns|m|s))+)")
_LIMIT = re.compile(r" on ([a-z ]+ per [a-z]+)")
_SIZES = (
    re.compile(r"Limit (?P<allowed>\d{1,9})\b.*Requested (?P<asked>\d{1,9})\b", re.DOTALL),
    re.compile(
        r"context length (?:is|of) (?:only )?(?P<allowed>\d{1,9}) tokens.*? (?P<asked>\d{1,9}) (?:input )?tokens",
        re.DOTALL,
    ),
    re.compile(r"prompt is too long: (?P<asked>\d{1,9}) tokens > (?P<allowed>\d{1,9})"),
    re.compile(r"\((?P<asked>\d{1,9}) tokens\) exceeds the available context size \((?P<allowed>\d{1,9}) "),
)
# vLLM writes the errors of its validation into the sentence, and what it was sent with them.
_LOC = re.compile(r"""['"]loc['"]: ?[\[(]([^\])]*)""")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as a server words it; `code` is None when it gives none, or the `status` in its place."""

    code: str | None
    said: str
    status: int | None = None

    @property
    def limit(self) -> str | None:
        """The limit by name, such as `tokens per day`."""
        found = _LIMIT.search(self.said)
        return None if found is None else found[1]

    @property
    def sizes(self) -> tuple[int, int] | None:
        """Tokens of the request, and tokens allowed."""
        found = next(filter(None, (pattern.search(self.said) for pattern in _SIZES)), None)
        return None if found is None else (int(found["asked"]), int(found["allowed"]))

    def wait_s(self, headers: Mapping[str, str]) -> float | None:
        """Seconds to wait: the header's, else those the sentence names (`try again in 9m38.016s`)."""
        exact = headers.get("retry-after-ms", "").strip()
        if _NUMBER.fullmatch(exact):
            return float(exact) / 1000
        header = headers.get("retry-after", "").strip()
        if _NUMBER.fullmatch(header):
            return float(header)
        if header:
            try:
                return max(0.0, parsedate_to_datetime(header).timestamp() - time())
            except (ValueError, OverflowError):
                pass  # neither a number nor a date: the sentence may know
        named = _WAIT.search(self.said)
        return None if named is None else seconds(named[1])

    def shown(self, secret: str) -> str:
        """What was said, fit for a terminal, without `secret` or anything that looks like a key."""
        struck = _KEY.sub("…", self.said.replace(secret, "…") if secret else self.said)
        words = " ".join("".join(char if char.isprintable() else " " for char in struck).split())
        return words[:_SHOWN].rstrip(" .") or "it does not say why"


def refusal(body: object) -> Refusal:
    """The error in a decoded body. That of a status is the whole JSON, an event's its `error`."""
    inner = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(inner, str):
        return Refusal(None, inner)
    if not isinstance(inner, dict):
        return Refusal(None, "")
    code, said = inner.get("code"), inner.get("message") or inner.get("detail")
    if code is None and isinstance(body, dict) and body.get("type") == "error":
        code = inner.get("type")
    return Refusal(
        code if isinstance(code, str) else None,
        said if isinstance(said, str) else "",
        code if isinstance(code, int) else None,
    )


def blamed(body: object, arguments: Sequence[str]) -> str | None:
    """The one of `arguments` that the error in a decoded body is about; None when it is about something else.

    What the server repeats of the request names them all: only `param`, else `loc`, else the sentence counts.
    """
    inner = body.get("error", body) if isinstance(body, dict) else body
    parts = inner if isinstance(inner, dict) else {}
    if isinstance(param := parts.get("param"), str) and param:
        return _first_named(param, arguments)
    said = refusal(body).said
    places = [*_places(parts.get("detail")), *_LOC.findall(said)]
    return _first_named(" ".join(places) if places else said.partition("{")[0], arguments)


def _places(detail: object) -> Iterator[str]:
    """Where the errors of FastAPI's validation lie."""
    for entry in detail if isinstance(detail, list) else ():
        loc = entry.get("loc") if isinstance(entry, dict) else None
        yield " ".join(map(str, loc)) if isinstance(loc, list) else ""


def _first_named(words: str, names: Iterable[str]) -> str | None:
    places = {name: found.start() for name in names if (found := re.search(rf"\b{name}\b", words))}
    return min(places, key=places.__getitem__, default=None)


def spoken(wait_s: float) -> str:
    """A wait in the unit a person would take."""
    if wait_s < 90:
        return f"{ceil(wait_s)} s"
    return f"{ceil(wait_s / 60)} min" if wait_s < 5400 else f"{ceil(wait_s / 3600)} h"
