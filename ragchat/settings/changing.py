"""What of the settings can be changed while a conversation goes on, and which one a person means."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from ragchat.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ragchat.settings.declaration import Setting

# What was opened with these stays open, and what they keep is where it is.
_FIXED_SECTIONS: Final = ("home", "ingest", "conversation", "batch", "gguf")
_FIXED: Final = ("retrieval.embedder", "ollama.host", "ollama.embed_model", "ollama.timeout_s", "terminal.editing")
_PREFERRED_SECTION: Final = "groq"


def changeable() -> tuple[Setting, ...]:
    """Those that can be changed, in the order of declaration."""
    return tuple(setting for name, setting in _declared().items() if _is_changeable(name, setting))


def setting_called(text: str) -> Setting:
    """The setting that `text` names: its dotted name, its variable, or the last word of its name.

    Of several that end in that word the one of Groq is meant, whose temperature and length hold for all. Raises
    `UsageError` for one that cannot be changed now, and for no setting.
    """
    wanted = text.strip().lower().replace("-", "_")
    found = [setting for setting in _declared().values() if wanted in _names(setting)]
    found.sort(key=lambda setting: not setting.name.startswith(_PREFERRED_SECTION))
    if not found:
        raise _unknown(text, wanted)
    setting = found[0]
    if setting.secret:
        raise UsageError(
            f"{setting.environment} is not typed here: what is typed is kept in the history.",
            "Set it in the environment or in .env, and begin again.",
        )
    if not _is_changeable(setting.name, setting):
        raise UsageError(
            f"{setting.name} cannot be changed while a conversation goes on.",
            f"Set {setting.environment}, and begin again.",
        )
    return setting


def _declared() -> Mapping[str, Setting]:
    from ragchat.settings.model import DECLARED  # noqa: PLC0415 - 100 ms, which no prompt should wait for

    return DECLARED


def _is_changeable(name: str, setting: Setting) -> bool:
    section, _, last = name.partition(".")
    return not (setting.secret or section in _FIXED_SECTIONS or name in _FIXED or last == "base_url")


def _names(setting: Setting) -> tuple[str, str, str]:
    return setting.name, setting.environment.lower(), setting.name.rpartition(".")[2]


def _unknown(text: str, wanted: str) -> UsageError:
    known = {name: name for setting in changeable() for name in _names(setting)}
    near = get_close_matches(wanted, known, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}?" if near else "See them all: /set"
    return UsageError(f"There is no setting called {text.strip()}.", hint)
