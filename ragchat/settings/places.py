"""Where the data and the config file lie, found without reading any other setting: Tab in a shell waits for it."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from dotenv.parser import parse_stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONFIG_VARIABLE = "RAGCHAT_CONFIG"
HOME_VARIABLE = "RAGCHAT_HOME"

_LOCAL_HOME = "chroma_db"
_MARKER = ".ragchat"


def config_file(environ: Mapping[str, str], cwd: Path) -> Path:
    """The config file that a process in `cwd` reads; it need not be there."""
    if named := named_config(environ):
        return cwd / named
    return platformdirs.user_config_path("ragchat", appauthor=False) / "config.toml"


def named_config(environ: Mapping[str, str]) -> str:
    """The config file that the environment names; empty when it names none."""
    return environ.get(CONFIG_VARIABLE, "").strip()


def default_home(cwd: Path) -> Path:
    """The home of a process in `cwd` that nobody has set."""
    local = cwd / _LOCAL_HOME
    return local if (local / _MARKER).is_file() else platformdirs.user_data_path("ragchat", appauthor=False)


def home_named(value: str | Path, folder: Path) -> Path:
    """The home that `value` names in `folder`.

    Raises `OSError`, `RuntimeError` or `ValueError` for a user nobody knows, a ring of links, a null character.
    """
    return (folder / Path(value).expanduser()).resolve()


def home_at_a_glance(flag: str | Path | None, environ: Mapping[str, str], cwd: Path) -> Path:
    """The home by the same order of sources as all settings; a source that cannot be read counts for nothing."""
    for value, folder in _said(flag, environ, cwd):
        with suppress(OSError, RuntimeError, ValueError):
            return home_named(value, folder)
    return default_home(cwd)


def _said(flag: str | Path | None, environ: Mapping[str, str], cwd: Path) -> Iterator[tuple[str | Path, Path]]:
    """What each source says, and the folder that a relative path counts from."""
    if flag:
        yield flag, cwd
    if typed := environ.get(HOME_VARIABLE, "").strip():
        yield typed, cwd
    with suppress(OSError, ValueError):
        values = {line.key: line.value for line in parse_stream(StringIO(_text(cwd / ".env")))}
        if value := (values.get(HOME_VARIABLE) or "").strip():
            yield value, cwd
    file = config_file(environ, cwd)
    with suppress(OSError, ValueError):
        home = tomllib.loads(_text(file)).get("home")
        if isinstance(home, str) and home.strip():
            yield home.strip(), file.parent


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8-sig")
