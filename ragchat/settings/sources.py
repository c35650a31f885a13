"""The four sources, each read into what it gives by dotted name."""

from __future__ import annotations

import re
import tomllib
from io import StringIO
from typing import TYPE_CHECKING

from dotenv.parser import parse_stream

from ragchat.errors import SettingsError
from ragchat.settings.model import DECLARED
from ragchat.settings.origin import Given, Origin
from ragchat.settings.places import CONFIG_VARIABLE
from ragchat.settings.refusals import unknown_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_BY_VARIABLE = {setting.environment: setting for setting in DECLARED.values()}
_SECTIONS = {name.partition(".")[0] for name in DECLARED if "." in name}
_OURS = "RAGCHAT_"
PASSPHRASE_VARIABLE = "RAGCHAT_PASSPHRASE"  # of the environment alone: a file would keep it beside what it opens
_NOT_SETTINGS = {CONFIG_VARIABLE, PASSPHRASE_VARIABLE, "RAGCHAT_TEST_ALL"}


def from_flags(flags: Mapping[str, object], cwd: Path) -> dict[str, Given]:
    """What the command line gives, by dotted name; None is a flag that was not typed."""
    typed = {name: value for name, value in flags.items() if value is not None}
    return {name: _known(name, value, Origin("flag", name), cwd) for name, value in typed.items()}


def from_environment(environ: Mapping[str, str], cwd: Path) -> dict[str, Given]:
    """What the environment gives; raises `SettingsError` for a `RAGCHAT_` name that means nothing."""
    found: dict[str, Given] = {}
    for name, value in environ.items():
        found |= _from_variable(name, value, Origin("environment", name), cwd)
    return found


def from_dotenv(path: Path) -> dict[str, Given]:
    """What a `.env` gives, where there is one; raises `SettingsError`.

    Its values stay here: nothing is put into the process's environment, and `${…}` is not expanded.
    """
    values: dict[str, str | None] = {}
    for binding in parse_stream(StringIO(text_of(path) or "")):
        if binding.error:
            raise SettingsError(
                f"Cannot read {path}: line {binding.original.line} is not NAME=value.",
                "Correct that line, or put a # before it.",
            )
        if binding.key is not None:
            values[binding.key] = binding.value
    found: dict[str, Given] = {}
    for name, value in values.items():
        found |= _from_variable(name, value, Origin(".env", str(path)), path.parent)
    return found


def from_config_file(path: Path, *, required: bool) -> dict[str, Given]:
    """What a TOML file gives; raises `SettingsError`, also when it is `required` and not there."""
    text = text_of(path, required=required)
    origin = Origin("config file", str(path))
    values = _flattened(parsed_toml(text or "", path), path)
    return {name: _known(name, value, origin, path.parent) for name, value in values.items()}


def _known(name: str, value: object, origin: Origin, folder: Path) -> Given:
    if name not in DECLARED:
        raise unknown_name(name, DECLARED if "." in name else [*DECLARED, *_SECTIONS], origin)
    return Given(value, name, origin, folder)


def _from_variable(name: str, value: str | None, origin: Origin, folder: Path) -> dict[str, Given]:
    """Nothing where the value is blank or the variable is somebody else's."""
    setting = _BY_VARIABLE.get(name)
    if setting is None and name.startswith(_OURS) and name not in _NOT_SETTINGS:
        raise unknown_name(name, _BY_VARIABLE, origin)
    if setting is None or value is None or not value.strip():
        return {}
    return {setting.name: Given(value, name, origin, folder)}


def text_of(path: Path, *, required: bool = False) -> str | None:
    """What a file holds, None when it is not there; raises `SettingsError`, also when it is `required`."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        if not required:
            return None
        raise SettingsError(
            f"Cannot read {path}: there is no such file.", "Make the file, or name another one."
        ) from None
    except OSError as error:
        raise SettingsError(
            f"Cannot read {path}: {error.strerror}.", "Make it a file that you can read, or move it away."
        ) from error
    except UnicodeDecodeError:
        # Not chained: the error holds the file's bytes, and with them the key.
        raise SettingsError(f"Cannot read {path}: it is not UTF-8.", "Save the file as UTF-8.") from None


def parsed_toml(text: str, path: Path) -> dict[str, object]:
    """The table that `text`, of the file `path`, is; raises `SettingsError`."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        line = re.search(r"line \d+", str(error))
        # Not chained: what the parser says may quote the file.
        raise SettingsError(
            f"Cannot read {path}: {line[0] if line else 'it'} is not valid TOML.",
            'Correct it: a setting is written as name = value, and text stands in "quotation marks".',
        ) from None


def _flattened(table: Mapping[str, object], path: Path) -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in table.items():
        if key not in _SECTIONS:
            flat[key] = value
        elif isinstance(value, dict):
            flat |= {f"{key}.{inner}": inner_value for inner, inner_value in value.items()}
        else:
            raise SettingsError(
                f"{key} is not a table (from {path}).",
                f"Write [{key}] on a line of its own and its settings below it.",
            )
    return flat
