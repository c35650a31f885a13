"""Retired names and equivalents: those that are shipped, and a person's own before them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ragchat.errors import SettingsError
from ragchat.settings.load import load_settings
from tests.settings.given import write

if TYPE_CHECKING:
    from pathlib import Path

    from ragchat.settings.model_names import ModelNames

OWN = """
[retired.groq]
"llama-3.1-8b-instant" = "mine"
[[equivalent]]
groq = "openai/gpt-oss-20b"
ollama = "qwen3:8b"
"""


def _names(folder: Path, **environ: str) -> ModelNames:
    return load_settings(environ=environ, cwd=folder).model_names()


def test_what_is_shipped_holds_without_a_file_of_ones_own(tmp_path: Path) -> None:
    names = _names(tmp_path)
    assert names.current("groq", "llama-3.1-8b-instant") == "openai/gpt-oss-20b"
    assert names.current("groq", "unheard-of") == "unheard-of"
    assert names.current("openai", "llama-3.1-8b-instant") == "llama-3.1-8b-instant"
    assert names.at("ollama", "groq", "openai/gpt-oss-20b") == ("gpt-oss:20b", "openai/gpt-oss-20b")
    assert names.at("ollama", "groq", "unheard-of") is None
    assert names.at("anthropic", "groq", "openai/gpt-oss-20b") is None


def test_a_retired_name_has_the_equivalent_of_what_takes_its_place(tmp_path: Path) -> None:
    found = _names(tmp_path).at("ollama", "groq", "llama-3.1-8b-instant")
    assert found == ("gpt-oss:20b", "openai/gpt-oss-20b")


def test_no_name_that_is_shipped_leads_to_a_retired_one(tmp_path: Path) -> None:
    names = _names(tmp_path)
    assert all(names.current(provider, new) == new for (provider, _), new in names.retired.items())


def test_ones_own_file_goes_before_entry_by_entry(tmp_path: Path, own_folders: Path) -> None:
    write(own_folders / "config" / "ragchat" / "models.toml", OWN)
    names = _names(tmp_path)
    assert names.current("groq", "llama-3.1-8b-instant") == "mine"
    assert names.current("groq", "gemma-7b-it") == "openai/gpt-oss-20b"
    assert names.at("ollama", "groq", "openai/gpt-oss-20b") == ("qwen3:8b", "openai/gpt-oss-20b")
    assert names.at("openai", "groq", "openai/gpt-oss-20b") == ("openai/gpt-oss-20b",) * 2


def test_it_stands_beside_the_config_file_or_where_the_setting_says(tmp_path: Path) -> None:
    config = write(tmp_path / "elsewhere" / "config.toml", "")
    write(tmp_path / "elsewhere" / "models.toml", OWN)
    assert _names(tmp_path, RAGCHAT_CONFIG=str(config)).current("groq", "llama-3.1-8b-instant") == "mine"
    write(tmp_path / "other.toml", OWN)
    assert _names(tmp_path, RAGCHAT_MODELS="other.toml").current("groq", "llama-3.1-8b-instant") == "mine"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[retired.groq]\nold = new\n", "line 2 is not valid TOML"),
        ("[retird.groq]\n", "retird is neither [retired] nor [[equivalent]]"),
        ("[retired.gorq]\n'a' = 'b'\n", "'gorq' is no provider with models to name"),
        ("[retired]\ngroq = 1\n", "[retired.groq] holds something else than names"),
        ("[retired.groq]\n'a' = ''\n", "[retired.groq] holds something else than names"),
        ("retired = 1\n", "[retired] is not a table"),
        ("[equivalent]\ngroq = 'a'\n", "[[equivalent]] is not a list of tables"),
        ("[[equivalent]]\ngroq = 'a'\n[[equivalent]]\ngroq = 2\n", "[[equivalent]] number 2 holds something else"),
        ("[[equivalent]]\nextractive = 'a'\n", "'extractive' is no provider with models to name"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_place_and_a_cure(tmp_path: Path, text: str, says: str) -> None:
    own = write(tmp_path / "own.toml", text)
    with pytest.raises(SettingsError) as raised:
        _names(tmp_path, RAGCHAT_MODELS=str(own))
    assert str(own) in raised.value.message
    assert says in raised.value.message
    assert raised.value.hint


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no such file"):
        _names(tmp_path, RAGCHAT_MODELS=str(tmp_path / "nowhere.toml"))
