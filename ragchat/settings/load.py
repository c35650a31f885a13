"""Settings from their sources: flag, environment, `.env`, config file, default, the first that says it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from ragchat.settings.model import DECLARED, Settings
from ragchat.settings.model_names import OWN_FILE, load_model_names
from ragchat.settings.origin import Given, Origin
from ragchat.settings.places import config_file as config_file_of
from ragchat.settings.places import default_home, home_named, named_config
from ragchat.settings.providers import (
    ANTHROPIC_BASE_URL,
    GROQ_BASE_URL,
    OPENAI_BASE_URL,
    AnthropicSettings,
    GroqSettings,
    OpenAISettings,
)
from ragchat.settings.refusals import wrong_value
from ragchat.settings.sources import from_config_file, from_dotenv, from_environment, from_flags

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ragchat.settings.model_names import ModelNames

Keyed = TypeVar("Keyed", GroqSettings, OpenAISettings, AnthropicSettings)

# What a .env can only make stricter, from the laxest word to the strictest.
_STRICTER = {
    "privacy.cloud": ("allow", "ask", "never"),
    "conversation.storage": ("keep", "off"),
    "conversation.encryption": ("off", "file", "passphrase"),
}
# What puts a provider in line, or chooses its model.
_CHOOSING = ("chain.providers", "chain.rollout", "chain.experiment", "chain.models")
_BUDGETS = "budget."
_PRICES = "budget.prices"


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings, where each one (by dotted name) came from, and what the person should be told.

    `overridden` says where else one was found, the strongest first, if anywhere.
    """

    settings: Settings
    origins: Mapping[str, Origin]
    overridden: Mapping[str, tuple[Origin, ...]]
    warnings: tuple[str, ...]
    models_folder: Path
    """Where the file of models' names is looked for: beside what names it, or the config file."""

    def model_names(self) -> ModelNames:
        """What models are called, by the file that is set, or one beside the config file.

        Raises `SettingsError`.
        """
        named = self.settings.chain.models
        return load_model_names(self.models_folder / (named or OWN_FILE), required=named is not None)


def load_settings(
    *,
    flags: Mapping[str, object] = MappingProxyType({}),
    environ: Mapping[str, str],
    cwd: Path,
    config_file: Path | None = None,
) -> Loaded:
    """Settings for a process that runs in the absolute folder `cwd`; raises `SettingsError`.

    `flags` is keyed by dotted name, None counting as not given. `config_file` stands for the user's own,
    which RAGCHAT_CONFIG names otherwise; either must exist, while the one in the default place need not.
    """
    config_path, required = _config_path(config_file, environ, cwd)
    config = from_config_file(config_path, required=required)
    sources = (from_flags(flags, cwd), from_environment(environ, cwd), from_dotenv(cwd / ".env"), config)
    strongest = {name: found for source in reversed(sources) for name, found in source.items()}
    given, laxer = _without_strange_licence(strongest, config)
    origins = {name: given[name].origin if name in given else Origin("default") for name in DECLARED}
    settings = _validated(given, _home(given.get("home"), cwd))
    groq = _key_kept_home(settings.groq, "groq", GROQ_BASE_URL, origins)
    openai = _key_kept_home(settings.openai, "openai", OPENAI_BASE_URL, origins)
    anthropic = _key_kept_home(settings.anthropic, "anthropic", ANTHROPIC_BASE_URL, origins)
    withheld = (groq.key_withheld, openai.key_withheld, anthropic.key_withheld)
    overridden = {
        name: tuple(source[name].origin for source in sources if name in source and source[name].origin != origin)
        for name, origin in origins.items()
    }
    return Loaded(
        settings=settings.model_copy(update={"groq": groq, "openai": openai, "anthropic": anthropic}),
        origins=MappingProxyType(origins),
        overridden=MappingProxyType({name: others for name, others in overridden.items() if others}),
        warnings=(*filter(None, withheld), *laxer),
        models_folder=given["chain.models"].folder if "chain.models" in given else config_path.parent,
    )


def _config_path(chosen: Path | None, environ: Mapping[str, str], cwd: Path) -> tuple[Path, bool]:
    """The config file, and whether it must be there."""
    if chosen is not None:
        return cwd / chosen, True
    return config_file_of(environ, cwd), bool(named_config(environ))


def _home(given: Given | None, cwd: Path) -> Path:
    if given is None:
        return default_home(cwd)
    value = given.value.strip() if isinstance(given.value, str) else given.value
    if isinstance(value, (str, Path)) and value != "":
        try:
            return home_named(value, given.folder)
        except (OSError, RuntimeError, ValueError):
            pass  # it is told below
    raise wrong_value(DECLARED["home"], given)


def _validated(given: Mapping[str, Given], home: Path) -> Settings:
    tables: defaultdict[str, dict[str, object]] = defaultdict(dict)
    for name, found in given.items():
        section, dot, field = name.partition(".")
        if dot:
            tables[section][field] = found.value
    try:
        return Settings.model_validate({**tables, "home": home})
    except ValidationError as error:
        name = ".".join(str(step) for step in error.errors(include_input=False)[0]["loc"][:2])
    # Outside the handler: pydantic's error holds the values, and with them the key.
    raise wrong_value(DECLARED[name], given[name])


def _without_strange_licence(
    given: dict[str, Given], config: Mapping[str, Given]
) -> tuple[dict[str, Given], tuple[str, ...]]:
    """Without a `.env`'s word on what may leave this machine, be kept or spent, where it is laxer than without it.

    The file may be somebody else's, and name the machine as well. What was left out comes back in sentences.
    """
    refused: list[str] = []
    stricter = dict(given)
    budgets = {name for name in DECLARED if name.startswith(_BUDGETS)}
    # What costs nothing is in no budget.
    budgeted = any(given[name].origin.kind != ".env" for name in budgets & given.keys())
    for name in (*_STRICTER, *sorted(budgets)):
        found = given.get(name)
        before = config[name].value if name in config else DECLARED[name].default
        if found is None or found.origin.kind != ".env":
            continue
        if not (budgeted if name == _PRICES else _is_laxer(name, found.value, before)):
            continue
        del stricter[name]
        if name in config:
            stricter[name] = config[name]
        refused.append(
            f"{found.name}={found.value} (from {found.origin}) is not used: a .env can only make it stricter;"
            " set it in the environment or in the config file."
        )
    return stricter, tuple(refused)


def _is_laxer(name: str, value: object, before: object) -> bool:
    if name in _STRICTER:
        return _strictness(name, value) < _strictness(name, before)
    try:
        return before is not None and Decimal(str(value)) > Decimal(str(before))
    except ArithmeticError:
        return False  # no number: it is refused as a wrong value


def _strictness(name: str, value: object) -> int:
    """What is no word for it counts as the strictest, and is refused as a wrong value."""
    words = _STRICTER[name]
    word = value.strip() if isinstance(value, str) else value
    return words.index(word) if word in words else len(words)


def _key_kept_home(section: Keyed, name: str, usual: str, origins: Mapping[str, Origin]) -> Keyed:
    """Without the key where another source leads it: a foreign `.env` must neither fetch nor spend it."""
    key = origins[f"{name}.api_key"]
    for setting in _leading(section, name, usual, origins):
        if section.api_key is not None and not key.same_source(origins[setting]):
            variable = DECLARED[setting].environment
            return section.without_key(
                f"{name.upper()}_API_KEY (from {key}) is not used, since {variable} comes from {origins[setting]};"
                " put both in the same place."
            )
    return section


def _leading(section: Keyed, name: str, usual: str, origins: Mapping[str, Origin]) -> Iterator[str]:
    """The settings that lead a key somewhere else than it goes by itself."""
    if section.base_url != usual:
        yield f"{name}.base_url"
    if name != "groq":  # which is in the chain by itself
        yield from (setting for setting in (*_CHOOSING, f"{name}.model") if origins[setting].kind == ".env")
