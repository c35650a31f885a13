"""Plain text: one section, whose lines are counted."""

from __future__ import annotations

from ragchat.core.document import Document, Section


def read_text(source: str, text: str, title: str) -> Document:
    """The text as it stands."""
    return Document(source, text, title, (Section(0, len(text)),))
