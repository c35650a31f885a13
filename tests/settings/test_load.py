"""Which source wins, and where the data is kept."""

from __future__ import annotations

import os
from decimal import Decimal
from itertools import combinations
from pathlib import Path

import pytest

from ragchat.settings.load import load_settings
from ragchat.settings.model import DECLARED
from ragchat.settings.origin import Origin
from tests.settings.given import SOURCES, load, load_from, write

_ARGUMENTS = {"flag": "flags", "environment": "environ", ".env": "dotenv", "config file": "config"}


@pytest.mark.parametrize(("stronger", "weaker"), [*combinations(SOURCES, 2)])
def test_the_stronger_source_wins(tmp_path: Path, stronger: str, weaker: str) -> None:
    given = {_ARGUMENTS[stronger]: {"groq.model": "strong"}}
    if weaker != "default":
        given[_ARGUMENTS[weaker]] = {"groq.model": "weak"}
    loaded = load(tmp_path, **given)
    assert loaded.settings.groq.model == "strong"
    assert loaded.origins["groq.model"].kind == stronger


def test_each_setting_can_be_set_in_each_source(tmp_path: Path) -> None:
    values = {
        "home": "/srv/ragchat",
        "chain.providers": "ollama,openai",
        "chain.order": "cheapest",
        "chain.rollout": "ollama:10",
        "chain.experiment": "groq@0.2,ollama",
        "chain.first_word_timeout_s": "20",
        "chain.answer_timeout_s": "90",
        "chain.models": "/srv/models.toml",
        "groq.api_key": "gsk_1234",
        "groq.base_url": "http://127.0.0.1:1",
        "groq.model": "llama",
        "groq.temperature": "1.5",
        "groq.max_tokens": "2048",
        "groq.timeout_s": "7.5",
        "ollama.host": "http://127.0.0.1:2",
        "ollama.model": "qwen",
        "ollama.embed_model": "nomic-embed-text",
        "ollama.timeout_s": "60",
        "ollama.context_tokens": "4096",
        "openai.api_key": "sk-1234",
        "openai.base_url": "http://127.0.0.1:3/v1",
        "openai.model": "gpt",
        "anthropic.api_key": "sk-ant-1234",
        "anthropic.base_url": "http://127.0.0.1:4",
        "anthropic.model": "claude",
        "gguf.model": "/srv/models/tiny.gguf",
        "gguf.gpu_layers": "-1",
        "gguf.context_tokens": "4096",
        "budget.daily_usd": "0.10",
        "budget.monthly_usd": "2",
        "budget.daily_tokens": "1000",
        "budget.monthly_tokens": "20000",
        "budget.daily_requests": "10",
        "budget.prices": "openai/tiny=0.5/1.5",
        "ingest.max_file_mb": "0.5",
        "retrieval.embedder": "bundled",
        "retrieval.top_k": "9",
        "answer.context_tokens": "5000",
        "answer.cache": "false",
        "conversation.storage": "off",
        "conversation.encryption": "passphrase",
        "batch.requests_per_minute": "30",
        "privacy.cloud": "never",
        "terminal.links": "vscode",
        "terminal.editing": "vi",
        "terminal.theme": "mono",
    }
    assert values.keys() == DECLARED.keys()
    loaded = [load_from(tmp_path, values, dict.fromkeys(values, kind)) for kind in SOURCES[:-1]]
    assert loaded[0].settings.groq.timeout_s == 7.5
    assert loaded[0].settings.chain.providers == ("ollama", "openai", "extractive")
    assert loaded[0].settings.gguf.gpu_layers == -1
    assert loaded[0].settings.budget.daily_usd == Decimal("0.10")
    assert loaded[0].settings.answer.cache is False
    assert loaded[0].settings.home == Path("/srv/ragchat")
    assert all(each.settings == loaded[0].settings for each in loaded)
    assert all(
        {origin.kind for origin in each.origins.values()} == {kind}
        for each, kind in zip(loaded, SOURCES, strict=False)
    )


def test_an_origin_says_which_variable_or_file(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        flags={"retrieval.top_k": "3"},
        environ={"groq.model": "x"},
        dotenv={"ollama.model": "y"},
        config={"privacy.cloud": "never"},
    )
    assert loaded.origins["retrieval.top_k"] == Origin("flag", "retrieval.top_k")
    assert loaded.origins["groq.model"] == Origin("environment", "GROQ_MODEL")
    assert loaded.origins["ollama.model"] == Origin(".env", str(tmp_path / ".env"))
    assert loaded.origins["privacy.cloud"] == Origin("config file", str(tmp_path / "elsewhere" / "config.toml"))
    assert loaded.origins["groq.temperature"] == Origin("default")
    assert loaded.origins.keys() == DECLARED.keys()


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_variable_counts_as_unset(tmp_path: Path, blank: str) -> None:
    loaded = load(
        tmp_path,
        environ={"groq.model": blank},
        dotenv={"groq.model": blank, "retrieval.top_k": blank},
        config={"groq.model": "from the file"},
    )
    assert loaded.settings.groq.model == "from the file"
    assert loaded.settings.retrieval.top_k == 8


def test_a_flag_that_was_not_typed_does_not_count(tmp_path: Path) -> None:
    loaded = load_settings(
        flags={"groq.model": None}, environ={"GROQ_MODEL": "from the environment"}, cwd=tmp_path
    )
    assert loaded.settings.groq.model == "from the environment"


def test_a_dotenv_stays_out_of_the_environment_and_is_not_expanded(tmp_path: Path) -> None:
    write(tmp_path / ".env", "export GROQ_MODEL='${HOME}/x' # a comment\nDATABASE_URL=postgres://elsewhere\n")
    loaded = load_settings(environ={}, cwd=tmp_path)
    assert loaded.settings.groq.model == "${HOME}/x"
    assert "GROQ_MODEL" not in os.environ


def test_only_the_dotenv_of_the_working_folder_is_read(tmp_path: Path) -> None:
    write(tmp_path / ".env", "GROQ_MODEL=above")
    inside = tmp_path / "inside"
    inside.mkdir()
    assert load_settings(environ={}, cwd=inside).origins["groq.model"].kind == "default"


def test_a_config_file_has_sections_and_plain_values(tmp_path: Path) -> None:
    file = write(tmp_path / "my.toml", '\ufeffhome = "store"\n[groq]\ntemperature = 1\nmax_tokens = 99\n')
    loaded = load_settings(environ={}, cwd=tmp_path, config_file=file)
    assert loaded.settings.home == tmp_path / "store"
    assert (loaded.settings.groq.temperature, loaded.settings.groq.max_tokens) == (1.0, 99)


def test_the_users_own_config_file_is_found(tmp_path: Path, own_folders: Path) -> None:
    file = write(own_folders / "config" / "ragchat" / "config.toml", '[groq]\nmodel = "mine"\n')
    loaded = load_settings(environ={}, cwd=tmp_path)
    assert loaded.settings.groq.model == "mine"
    assert loaded.origins["groq.model"] == Origin("config file", str(file))


def test_a_variable_names_another_config_file(tmp_path: Path, own_folders: Path) -> None:
    write(own_folders / "config" / "ragchat" / "config.toml", '[groq]\nmodel = "mine"\n')
    write(tmp_path / "other.toml", '[groq]\nmodel = "other"\n')
    loaded = load_settings(environ={"RAGCHAT_CONFIG": "other.toml", "RAGCHAT_TEST_ALL": "1"}, cwd=tmp_path)
    assert loaded.settings.groq.model == "other"


def test_data_is_kept_in_a_marked_folder_here(tmp_path: Path) -> None:
    write(tmp_path / "chroma_db" / ".ragchat", "")
    loaded = load_settings(environ={}, cwd=tmp_path)
    assert loaded.settings.home == tmp_path / "chroma_db"
    assert loaded.origins["home"] == Origin("default")


def test_data_is_kept_in_the_users_data_folder_without_a_mark(tmp_path: Path, own_folders: Path) -> None:
    (tmp_path / "chroma_db").mkdir()
    assert load_settings(environ={}, cwd=tmp_path).settings.home == own_folders / "data" / "ragchat"


@pytest.mark.parametrize(
    ("kind", "meant"),
    [
        ("flag", "store"),
        ("environment", "store"),
        (".env", "store"),
        ("config file", "elsewhere/store"),
    ],
)
def test_a_relative_home_counts_from_the_folder_of_its_source(tmp_path: Path, kind: str, meant: str) -> None:
    loaded = load_from(tmp_path, {"home": "sub/../store"}, {"home": kind})
    assert loaded.settings.home == tmp_path / meant


def test_a_tilde_is_the_persons_home(tmp_path: Path, own_folders: Path) -> None:
    assert load(tmp_path, dotenv={"home": "~/store"}).settings.home == own_folders / "store"


def test_a_home_may_be_a_path(tmp_path: Path) -> None:
    loaded = load_settings(flags={"home": Path("store")}, environ={}, cwd=tmp_path)
    assert loaded.settings.home == tmp_path / "store"
