"""What cannot be taken, and what the person is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ragchat.errors import SettingsError
from ragchat.settings.load import load_settings
from ragchat.settings.model import DECLARED
from tests.settings.given import load, write

if TYPE_CHECKING:
    from pathlib import Path


def _refusal(folder: Path, *, dotenv: str = "", config: str = "", **environ: str) -> SettingsError:
    """The error of loading in `folder`, its path written as `HERE`."""
    write(folder / ".env", dotenv)
    file = write(folder / "config.toml", config)
    with pytest.raises(SettingsError) as refusal:
        load_settings(environ=environ, cwd=folder, config_file=file)
    return SettingsError(refusal.value.message.replace(str(folder), "HERE"), refusal.value.hint)


@pytest.mark.parametrize(
    ("name", "wrong", "allowed"),
    [
        ("groq.base_url", ["api.groq.com", "https://a b"], "an http or https URL such as https://api.groq.com, "),
        ("groq.temperature", ["-0.1", "2.1", "hot", "nan", "inf"], "a number from 0 to 2."),
        ("groq.max_tokens", ["0", "65537", "1.5", "many"], "a whole number from 1 to 65536."),
        ("groq.timeout_s", ["0.9", "600.1", "nan"], "a number from 1 to 600."),
        ("ollama.host", ["ftp://here", "a b"], "a host such as 127.0.0.1:11434, or an http or https URL "),
        ("ollama.timeout_s", ["0.9", "3600.1"], "a number from 1 to 3600."),
        ("ollama.context_tokens", ["511", "1048577"], "a whole number from 512 to 1048576."),
        ("gguf.model", ["~no such user/tiny.gguf"], "the path of a .gguf file."),
        ("gguf.gpu_layers", ["-2", "1001", "all"], "a whole number from -1 to 1000."),
        ("gguf.context_tokens", ["511", "1048577"], "a whole number from 512 to 1048576."),
        ("anthropic.base_url", ["api.anthropic.com"], "an http or https URL such as https://api.anthropic.com, "),
        ("ingest.max_file_mb", ["0", "-1", "nan", "inf"], "a number above 0."),
        ("retrieval.embedder", ["best", "Auto"], "auto, bundled, minilm or ollama."),
        ("retrieval.top_k", ["0", "51"], "a whole number from 1 to 50."),
        ("answer.context_tokens", ["199", "200001"], "a whole number from 200 to 200000."),
        ("conversation.storage", ["no"], "keep or off."),
        ("conversation.encryption", ["yes"], "off, file or passphrase."),
        ("privacy.cloud", ["yes"], "allow, ask or never."),
        ("home", ["~nobody-of-that-name/x"], "the path of a folder."),
        ("groq.model", ["\udc80"], "the name of a model."),
    ],
)
def test_a_wrong_value_names_the_setting_and_what_is_allowed(
    tmp_path: Path, name: str, wrong: list[str], allowed: str
) -> None:
    variable = DECLARED[name].environment
    for value in wrong:
        refusal = _refusal(tmp_path, **{variable: value})
        shown = value.replace("\udc80", "\N{REPLACEMENT CHARACTER}")
        assert refusal.message == f'{variable} is "{shown}" (from the environment).'
        assert refusal.hint.startswith(f"It must be {allowed}")


@pytest.mark.parametrize(
    ("name", "edges"),
    [
        ("groq.temperature", ["0", "2"]),
        ("groq.max_tokens", ["1", "65536"]),
        ("groq.timeout_s", ["1", "600"]),
        ("ollama.timeout_s", ["1", "3600"]),
        ("ollama.context_tokens", ["512", "1048576"]),
        ("ingest.max_file_mb", ["0.001"]),
        ("retrieval.embedder", ["auto", "bundled", "ollama"]),
        ("retrieval.top_k", ["1", "50"]),
        ("answer.context_tokens", ["200", "200000"]),
        ("privacy.cloud", ["allow", "ask", "never"]),
    ],
)
def test_the_bounds_belong_to_what_is_allowed(tmp_path: Path, name: str, edges: list[str]) -> None:
    for edge in edges:
        assert load(tmp_path, environ={name: edge}).origins[name].kind == "environment"


def test_a_wrong_value_says_which_file_it_is_from(tmp_path: Path) -> None:
    refusal = _refusal(tmp_path, dotenv="GROQ_TEMPERATURE=hot\n")
    assert refusal.message == 'GROQ_TEMPERATURE is "hot" (from HERE/.env).'
    assert refusal.hint == "It must be a number from 0 to 2."


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("[retrieval]\ntop_k = true\n", "retrieval.top_k is true (from HERE/config.toml)."),
        ("[groq]\ntemperature = nan\n", "groq.temperature is NaN (from HERE/config.toml)."),
        ("[groq]\nmodel = 5\n", "groq.model is 5 (from HERE/config.toml)."),
        ('[groq]\nmodel = ""\n', 'groq.model is "" (from HERE/config.toml).'),
        ('[ollama]\nmodel = [" "]\n', 'ollama.model is [" "] (from HERE/config.toml).'),
        ("[ollama]\nhost = 2026-01-31\n", 'ollama.host is "2026-01-31" (from HERE/config.toml).'),
        ("home = 5\n", "home is 5 (from HERE/config.toml)."),
        ('home = " "\n', 'home is " " (from HERE/config.toml).'),
        ('home = "a\\u0000b"\n', 'home is "a\\u0000b" (from HERE/config.toml).'),
        ("[groq]\napi_key = 5\n", "groq.api_key has a value it cannot have (from HERE/config.toml)."),
        ("groq = 5\n", "groq is not a table (from HERE/config.toml)."),
        ('model = "x"\n', "model is not a setting (from HERE/config.toml)."),
        ("[groq]\nkey_withheld = 1\n", "groq.key_withheld is not a setting (from HERE/config.toml)."),
        ("[groq\n", "Cannot read HERE/config.toml: line 1 is not valid TOML."),
        ("home = 'x'\nhome = 'y'\n", "Cannot read HERE/config.toml: line 2 is not valid TOML."),
        ('home = """x', "Cannot read HERE/config.toml: it is not valid TOML."),
        (f"home = {'[' * 5000}", "Cannot read HERE/config.toml: it is not valid TOML."),
    ],
)
def test_what_is_wrong_in_a_config_file_is_said_in_one_sentence(tmp_path: Path, config: str, message: str) -> None:
    assert _refusal(tmp_path, config=config).message == message


@pytest.mark.parametrize(
    ("config", "nearest"),
    [
        ("[groq]\nmodle = 'x'\n", "groq.model"),
        ("[groqq]\nmodel = 'x'\n", "groq"),
        ("model = 'x'\n", "groq.model"),
        ("hone = 'x'\n", "home"),
        ("[retrieval]\nk = 1\n", "retrieval.top_k"),
    ],
)
def test_an_unknown_name_in_a_config_file_is_refused_with_the_nearest(
    tmp_path: Path, config: str, nearest: str
) -> None:
    assert _refusal(tmp_path, config=config).hint == f"The nearest known name is {nearest}."


def test_an_unknown_name_of_ours_is_refused_with_the_nearest(tmp_path: Path) -> None:
    refusal = _refusal(tmp_path, RAGCHAT_TOPK="")
    assert refusal.message == "RAGCHAT_TOPK is not a setting (from the environment)."
    assert refusal.hint == "The nearest known name is RAGCHAT_TOP_K."
    refusal = _refusal(tmp_path, dotenv="RAGCHAT_EMBEDDING=bundled")
    assert refusal.message == "RAGCHAT_EMBEDDING is not a setting (from HERE/.env)."
    assert refusal.hint == "The nearest known name is RAGCHAT_EMBEDDER."


def test_names_of_other_programs_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path / ".env", "GROQ_CUSTOM=1\nOLLAMA_KEEP_ALIVE=5m\nSECRET=x\nBARE\nRAGCHAT_CONFIG=x\n")
    load_settings(environ={"OLLAMA_DEBUG": "1", "RAGCHAT_TEST_ALL": "1"}, cwd=tmp_path)


def test_an_unknown_flag_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^retrieval\.topk is not a setting \(from the command line\)\.$"):
        load_settings(flags={"retrieval.topk": 3}, environ={}, cwd=tmp_path)


def test_a_dotenv_line_that_means_nothing_is_named(tmp_path: Path) -> None:
    refusal = _refusal(tmp_path, dotenv="A=1\nnot a variable\n")
    assert refusal.message == "Cannot read HERE/.env: line 2 is not NAME=value."


@pytest.mark.parametrize("name", [".env", "config.toml"])
def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(SettingsError) as refusal:
        load_settings(environ={"RAGCHAT_CONFIG": "config.toml"} if name != ".env" else {}, cwd=tmp_path)
    assert refusal.value.message == f"Cannot read {tmp_path / name}: Is a directory."


@pytest.mark.parametrize("name", [".env", "config.toml"])
def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"GROQ_MODEL = 'caf\xe9'")
    with pytest.raises(SettingsError) as refusal:
        load_settings(environ={"RAGCHAT_CONFIG": "config.toml"} if name != ".env" else {}, cwd=tmp_path)
    assert refusal.value.message == f"Cannot read {tmp_path / name}: it is not UTF-8."


def test_a_config_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refusal:
        load_settings(environ={"RAGCHAT_CONFIG": "mine.toml"}, cwd=tmp_path)
    assert refusal.value.message == f"Cannot read {tmp_path / 'mine.toml'}: there is no such file."


def test_a_long_value_is_cut_and_what_cannot_be_shown_is_replaced(tmp_path: Path) -> None:
    refusal = _refusal(tmp_path, GROQ_TEMPERATURE="\x9b" + "9" * 200)
    assert refusal.message == f'GROQ_TEMPERATURE is "\N{REPLACEMENT CHARACTER}{"9" * 58}… (from the environment).'


def test_a_password_in_an_address_is_not_shown(tmp_path: Path) -> None:
    refusal = _refusal(tmp_path, OLLAMA_HOST="http://me:pass/word@example.com")
    assert refusal.message == 'OLLAMA_HOST is "••••@example.com" (from the environment).'
