"""What the prompt learns from the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from ragchat.core.choices import ThemeChoice
    from ragchat.settings.terminal import Editing


@dataclass(frozen=True, slots=True)
class Preferences:
    """Without a `history_file`, what is typed is kept in memory alone."""

    history_file: Path | None
    editing: Editing = "emacs"
    theme: ThemeChoice = "auto"
