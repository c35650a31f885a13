"""The doctor, with everything it looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat.assembly.generators import preferred
from ragchat.assembly.state import STATE_FILE, open_state
from ragchat.errors import SettingsError
from ragchat.ollama.client import OllamaClient
from ragchat.settings.load import load_settings
from ragchat.upkeep import doctor
from ragchat.upkeep.checks.surroundings import wrong_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ragchat.upkeep.checks.surroundings import Screen
    from ragchat.upkeep.finding import Finding

# It loads no model, so the server need not be given the time for that.
_TIMEOUT_S = 5.0


def examine(
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    directory: Path,
    screen: Screen,
    name: str | None,
    *,
    ask: bool = False,
) -> Iterator[Finding]:
    """Look at everything, and the collection `name`; a setting that is wrong is found, not raised.

    `ask` as in `upkeep.doctor.examine`.
    """
    yield from doctor.examine_surroundings(screen)
    try:
        loaded = load_settings(flags=flags, environ=environ, cwd=directory)
        chat = preferred("ollama", loaded.settings, loaded.model_names())
    except SettingsError as error:
        yield wrong_settings(error)
        return
    with OllamaClient(loaded.settings.ollama.host, _TIMEOUT_S) as ollama:
        yield from doctor.examine(
            loaded,
            name,
            ollama=ollama,
            ledger_file=loaded.settings.home / STATE_FILE,
            open_ledger=open_state,
            preferred=chat and chat.model,
            ask=ask,
        )
