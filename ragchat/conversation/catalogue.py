"""What the sessions of a home are called: read from their database alone, while a person waits at Tab."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat.conversation.database import DATABASE_FILE
from ragchat.storage.glance import glance

if TYPE_CHECKING:
    from pathlib import Path


def session_names(home: Path) -> list[tuple[str, str]]:
    """The id and the name of each session, the latest first; the names are empty where they are encrypted."""
    encrypted = bool(glance(home / DATABASE_FILE, "SELECT 1 FROM sealing"))
    rows = glance(home / DATABASE_FILE, "SELECT id, name FROM sessions ORDER BY last_at DESC, id")
    return [(str(id_), "" if encrypted else _text(name)) for id_, name in rows]


def _text(stored: object) -> str:
    return stored.decode("utf-8", "replace") if isinstance(stored, bytes) else ""
