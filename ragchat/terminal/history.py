"""The lines a person typed, kept between conversations."""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING

from prompt_toolkit.history import FileHistory

if TYPE_CHECKING:
    from pathlib import Path


class OwnerOnlyHistory(FileHistory):
    """A history file only its owner can read.

    Each line is appended in one write, so that two conversations do not cut into each other. A file that cannot
    be written costs the history, not the conversation: `failure` says why.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._path = path
        self.failure: OSError | None = None

    def load_history_strings(self) -> list[str]:
        """The lines, newest first."""
        try:
            return list(super().load_history_strings())
        except OSError as error:
            self.failure = error
            return []

    def store_string(self, string: str) -> None:
        """Append one entry in prompt-toolkit's format."""
        lines = "".join(f"+{line}\n" for line in string.split("\n"))
        entry = f"\n# {datetime.now()}\n{lines}".encode("utf-8", "replace")
        try:
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(file, entry)
            finally:
                os.close(file)
        except OSError as error:
            self.failure = error
