"""The sentences about settings that cannot be taken."""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import TYPE_CHECKING

from ragchat.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ragchat.settings.declaration import Setting
    from ragchat.settings.origin import Given, Origin

_SHOWN_CHARACTERS = 60


def wrong_value(setting: Setting, given: Given) -> SettingsError:
    """Names the setting, its value unless that is secret, where it came from and what is allowed."""
    says = "has a value it cannot have" if setting.secret else f"is {_shown(given.value)}"
    return SettingsError(f"{given.name} {says} (from {given.origin}).", f"It must be {setting.allowed}.")


def unknown_name(name: str, known: Iterable[str], origin: Origin) -> SettingsError:
    """Names the known name that is nearest."""
    # Without a cutoff there is always a nearest one.
    nearest = get_close_matches(name, list(known), n=1, cutoff=0)[0]
    return SettingsError(
        f"{_printable(name)} is not a setting (from {origin}).", f"The nearest known name is {nearest}."
    )


def _shown(value: object) -> str:
    if isinstance(value, str) and "@" in value:  # what stands before it in an address may be a password
        value = f"••••@{value.rpartition('@')[2]}"
    return _printable(json.dumps(value, ensure_ascii=False, default=str))


def _printable(text: str) -> str:
    if len(text) > _SHOWN_CHARACTERS:
        text = f"{text[:_SHOWN_CHARACTERS]}…"
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
