"""Every setting with its value and where it came from, to be shown to a person."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from pydantic import SecretStr

from ragchat.settings.declaration import written
from ragchat.settings.model import DECLARED

if TYPE_CHECKING:
    from ragchat.settings.load import Loaded
    from ragchat.settings.origin import Origin

_MASK = "••••"
_SHORTEST_RECOGNISABLE = 12


@dataclass(frozen=True, slots=True)
class Row:
    """One setting, free of secrets; `value` and `default` are None where nothing is set.

    `overridden` says where else it was found, the strongest first; `note` says why a value that was found is not
    used, else it is empty.
    """

    name: str
    environment: str
    value: str | None
    origin: Origin
    overridden: tuple[Origin, ...]
    description: str
    default: str | None
    note: str


def describe(loaded: Loaded) -> tuple[Row, ...]:
    """One row for each declared setting, in the order of declaration."""
    notes = {
        "groq.api_key": loaded.settings.groq.key_withheld,
        "openai.api_key": loaded.settings.openai.key_withheld,
        "anthropic.api_key": loaded.settings.anthropic.key_withheld,
    }
    return tuple(
        Row(
            name=name,
            environment=setting.environment,
            value=_shown(attrgetter(name)(loaded.settings)),
            origin=loaded.origins[name],
            overridden=loaded.overridden.get(name, ()),
            description=setting.description,
            default=setting.default,
            note=notes.get(name) or "",
        )
        for name, setting in DECLARED.items()
    )


def _shown(value: object) -> str | None:
    if not isinstance(value, SecretStr):
        return written(value)
    secret = value.get_secret_value()
    return _MASK + secret[-2:] if len(secret) >= _SHORTEST_RECOGNISABLE else _MASK
