"""Whether a provider takes the key that is set: one GET of its models, and nothing else is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import requests

from ragchat.generation.providers.failures import ANTHROPIC, GROQ, OPENAI, Asked, malformed_key, of_refusal
from ragchat.upkeep.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ragchat.errors import GenerationError
    from ragchat.generation.providers.failures import Words
    from ragchat.settings.model import Settings

_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Door:
    """Where a provider tells its models, and with which headers."""

    provider: str
    words: Words
    address: str
    headers: Mapping[str, str] = field(repr=False)  # they hold the key
    key: str = field(repr=False)


def doors(settings: Settings) -> dict[str, Door]:
    """One for each provider whose key is set, by name."""
    groq, openai, anthropic = settings.groq, settings.openai, settings.anthropic
    named = (
        ("groq", GROQ, f"{groq.base_url}/openai/v1/models", "Authorization", groq.key),
        ("openai", OPENAI, f"{openai.base_url}/models", "Authorization", openai.key),
        ("anthropic", ANTHROPIC, f"{anthropic.base_url}/v1/models", "x-api-key", anthropic.key),
    )
    return {
        name: Door(name, words, address, _headers(header, key), key)
        for name, words, address, header, key in named
        if key
    }


def check_online(door: Door, model: str | None) -> Finding:
    """The provider's finding: whether it takes the key, and offers `model`. The key is never shown."""
    refused = malformed_key(door.key, door.words)
    if refused is None:
        try:
            # Not followed: a redirection would carry the key to another host.
            reply = requests.get(
                door.address, headers=dict(door.headers), timeout=_TIMEOUT_S, allow_redirects=False
            )
        except requests.RequestException:
            return Finding(
                door.provider,
                "problem",
                f"{door.address} cannot be reached.",
                f"Check the network, and {door.words.name}_BASE_URL.",
            )
        if reply.ok and not reply.is_redirect:
            return _taken(door, model, _models(reply))
        refused = _refusal(reply, Asked(door.words, model or "", door.key))
    return Finding(door.provider, "problem", refused.message, refused.hint)


def _headers(name: str, key: str | None) -> dict[str, str]:
    if name == "Authorization":
        return {name: f"Bearer {key}"}
    return {name: key or "", "anthropic-version": "2023-06-01"}


def _taken(door: Door, model: str | None, offered: set[str] | None) -> Finding:
    if offered is None:
        return Finding(
            door.provider,
            "problem",
            f"What answers at {door.address} is no list of models.",
            f"Check {door.words.name}_BASE_URL: it is written {door.words.url}.",
        )
    if model and model not in offered:
        return Finding(
            door.provider,
            "warning",
            f"The key is valid, and there is no model {model} for it.",
            f"Set {door.words.name}_MODEL to one that the provider lists.",
        )
    return Finding(door.provider, "ok", f"The key is valid{f', and {model} is there' if model else ''}.")


def _refusal(reply: requests.Response, asked: Asked) -> GenerationError:
    try:
        body = reply.json()
    except ValueError:
        body = None
    return of_refusal(reply.status_code, reply.headers, body, asked)


def _models(reply: requests.Response) -> set[str] | None:
    """The names, in the shape that all of them share: `{"data": [{"id": …}]}`; None for anything else."""
    try:
        body = reply.json()
    except ValueError:
        return None
    rows = body.get("data") if isinstance(body, dict) else None
    if not isinstance(rows, list):
        return None
    return {str(row["id"]) for row in rows if isinstance(row, dict) and "id" in row}
