"""Settings as a person gives them: typed, in the environment, in a `.env`, in a config file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ragchat.settings.load import load_settings
from ragchat.settings.model import DECLARED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ragchat.settings.load import Loaded

SOURCES = ("flag", "environment", ".env", "config file", "default")


def load(folder: Path, **sources: Mapping[str, str]) -> Loaded:
    """Load in `folder` what each of `flags`, `environ`, `dotenv` and `config` gives by dotted name."""
    config = folder / "elsewhere" / "config.toml"
    write(config, "\n".join(f"{name} = {json.dumps(value)}" for name, value in sources.get("config", {}).items()))
    write(folder / ".env", "\n".join(f"{_variable(n)}='{v}'" for n, v in sources.get("dotenv", {}).items()))
    return load_settings(
        flags=sources.get("flags", {}),
        environ={_variable(name): value for name, value in sources.get("environ", {}).items()},
        cwd=folder,
        config_file=config,
    )


def load_from(folder: Path, values: Mapping[str, str], kinds: Mapping[str, str]) -> Loaded:
    """Load `values` by dotted name, each from the kind of source that `kinds` says."""

    def of(kind: str) -> dict[str, str]:
        return {name: value for name, value in values.items() if kinds[name] == kind}

    return load(folder, flags=of("flag"), environ=of("environment"), dotenv=of(".env"), config=of("config file"))


def write(path: Path, text: str) -> Path:
    """Write `text`, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _variable(name: str) -> str:
    return DECLARED[name].environment
