"""What models are called: retired names, and one model's names at several providers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from ragchat.errors import SettingsError
from ragchat.settings.sources import parsed_toml, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OWN_FILE: Final = "models.toml"
"""The name of a user's own file, beside the config file."""

_SHIPPED = Path(__file__).with_name("models.toml")
_PROVIDERS = ("groq", "ollama", "openai", "anthropic")
_SHAPE = (
    'Write [retired.groq] with lines "old" = "new", and [[equivalent]] with lines provider = "model",'
    f" of {', '.join(_PROVIDERS)}."
)


class Equivalent(NamedTuple):
    """A model's name at a provider, and the name it is the equivalent of."""

    model: str
    of: str


@dataclass(frozen=True, slots=True)
class ModelNames:
    """`retired` leads from provider and name to what takes its place; the first fitting `equivalent` holds."""

    retired: Mapping[tuple[str, str], str]
    equivalent: tuple[Mapping[str, str], ...]

    def current(self, provider: str, model: str) -> str:
        """The name to ask for: `model`, or what takes its place."""
        return self.retired.get((provider, model), model)

    def at(self, wanted: str, provider: str, model: str) -> Equivalent | None:
        """What `wanted` has in place of the `model` of `provider`; None when nobody said so."""
        current = self.current(provider, model)
        tables = (names for names in self.equivalent if names.get(provider) == current and wanted in names)
        found = next(tables, None)
        return None if found is None else Equivalent(found[wanted], current)


def load_model_names(own: Path, *, required: bool) -> ModelNames:
    """The names that are shipped, behind those of the file `own`.

    Raises `SettingsError`, also when the file is `required` and not there.
    """
    shipped, users = _read(_SHIPPED, required=True), _read(own, required=required)
    return ModelNames({**shipped.retired, **users.retired}, users.equivalent + shipped.equivalent)


def _read(path: Path, *, required: bool) -> ModelNames:
    text = text_of(path, required=required)
    table = parsed_toml(text or "", path)
    try:
        if unknown := table.keys() - {"retired", "equivalent"}:
            raise ValueError(f"{min(unknown)} is neither [retired] nor [[equivalent]]")
        return ModelNames(
            dict(_retired(table.get("retired", {}))), tuple(_equivalent(table.get("equivalent", [])))
        )
    except ValueError as error:
        raise SettingsError(f"Cannot read {path}: {error}.", _SHAPE) from None


def _retired(tables: object) -> Iterator[tuple[tuple[str, str], str]]:
    if not isinstance(tables, dict):
        raise ValueError("[retired] is not a table")
    for provider, names in tables.items():
        for old, new in _names(names, f"[retired.{provider}]").items():
            yield (_provider(provider), old), new


def _equivalent(tables: object) -> Iterator[Mapping[str, str]]:
    if not isinstance(tables, list):
        raise ValueError("[[equivalent]] is not a list of tables")
    for number, table in enumerate(tables, start=1):
        names = _names(table, f"[[equivalent]] number {number}")
        yield {_provider(provider): name for provider, name in names.items()}


def _names(table: object, where: str) -> Mapping[str, str]:
    if not isinstance(table, dict) or not all(isinstance(name, str) and name for name in table.values()):
        raise ValueError(f"{where} holds something else than names")
    return table


def _provider(name: str) -> str:
    if name not in _PROVIDERS:
        raise ValueError(f"{name!r} is no provider with models to name")
    return name
