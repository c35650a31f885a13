"""A text changed in the editor that the person has chosen."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from ragchat.errors import UsageError
from ragchat.terminal.sanitise import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

_USUAL: Final = ("editor", "nano", "vim", "vi")
_CURE: Final = "Name one that is installed: export EDITOR=nano"


def edited(text: str, environment: Mapping[str, str]) -> str:
    """What comes back from `$VISUAL`, else `$EDITOR`, else a usual editor, made visible.

    The file is in a folder of its own that only its owner can read, and is gone afterwards. Raises `UsageError`
    when there is no editor, it cannot be started, or it ends with another status than 0.
    """
    command = _command(environment)
    with TemporaryDirectory(prefix="ragchat-") as folder:
        file = Path(folder, "question.md")
        file.write_text(text, "utf-8", "replace")
        try:
            status = subprocess.run([*command, str(file)], check=False).returncode
            if status == 0:
                return visible(file.read_text("utf-8", "replace")).removesuffix("\n")
        except OSError as error:
            raise UsageError(f"The editor {command[0]} cannot be used: {error.strerror}.", _CURE) from error
    raise UsageError(f"The editor {command[0]} ended with status {status}.", "The text is as it was before.")


def _command(environment: Mapping[str, str]) -> list[str]:
    chosen = environment.get("VISUAL") or environment.get("EDITOR") or ""
    try:
        words = shlex.split(chosen)
    except ValueError as error:
        raise UsageError(f"The editor cannot be told from `{chosen}`: {error}.", _CURE) from error
    found = words or next(([name] for name in _USUAL if shutil.which(name)), [])
    if not found:
        raise UsageError("There is no editor.", _CURE)
    return found
