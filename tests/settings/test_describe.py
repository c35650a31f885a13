"""What is shown of the settings, and the example file that is made to agree with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragchat.settings.declaration import Setting
from ragchat.settings.describe import Row, describe
from ragchat.settings.load import load_settings
from ragchat.settings.model import DECLARED, Settings
from ragchat.settings.origin import Origin
from tests.settings.given import load, write

EXAMPLE = Path(__file__).parents[2] / ".env.example"


def test_each_setting_has_a_row_in_the_order_of_declaration(tmp_path: Path) -> None:
    rows = describe(load(tmp_path, environ={"retrieval.top_k": "9"}))
    assert [row.name for row in rows] == list(DECLARED)
    assert rows[list(DECLARED).index("retrieval.top_k")] == Row(
        name="retrieval.top_k",
        environment="RAGCHAT_TOP_K",
        value="9",
        origin=Origin("environment", "RAGCHAT_TOP_K"),
        overridden=(),
        description="How many passages a question is answered from.",
        default="8",
        note="",
    )


def test_a_row_says_what_its_value_overrode_the_strongest_first(tmp_path: Path) -> None:
    given = {"retrieval.top_k": "9"}
    rows = describe(load(tmp_path, flags={"retrieval.top_k": "3"}, environ=given, dotenv=given, config=given))
    row = rows[list(DECLARED).index("retrieval.top_k")]
    assert (row.value, row.origin.kind) == ("3", "flag")
    assert [origin.kind for origin in row.overridden] == ["environment", ".env", "config file"]
    assert not any(other.overridden for other in rows if other != row)


def test_a_value_that_was_not_set_is_its_default(tmp_path: Path) -> None:
    rows = describe(load(tmp_path))
    assert all(row.value == row.default for row in rows if row.name != "home")
    unset = {row.name for row in rows if row.value is None and not row.name.startswith("budget.")}
    keyed = ("groq", "openai", "anthropic")
    models = ("ollama", "openai", "anthropic", "gguf")
    assert unset == {
        "chain.rollout",
        "chain.experiment",
        "batch.requests_per_minute",
        "chain.models",
        *(f"{name}.api_key" for name in keyed),
        *(f"{name}.model" for name in models),
    }


def test_environment_names_are_told_apart() -> None:
    assert len({setting.environment for setting in DECLARED.values()}) == len(DECLARED)


def test_a_declaration_without_an_environment_name_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^groq needs an environment name and a description\.$"):
        Setting.of("groq", Settings.model_fields["groq"])


def test_the_example_file_names_every_setting_with_its_default_and_description() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    assert lines[3:] == _example_lines()


def test_the_example_file_with_all_its_lines_in_force_changes_nothing(tmp_path: Path) -> None:
    names = [setting.environment for setting in DECLARED.values()]
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    in_force = [line[2:] if line[2:].partition("=")[0] in names else line for line in lines]
    before = load_settings(environ={}, cwd=tmp_path)
    write(tmp_path / ".env", "\n".join(in_force))
    after = load_settings(environ={}, cwd=tmp_path)
    assert after.settings == before.settings
    assert after.origins["groq.model"].kind == ".env"


def _example_lines() -> list[str]:
    lines: list[str] = []
    section = ""
    for setting in DECLARED.values():
        head, dot, _ = setting.name.partition(".")
        if dot and head != section:
            section = head
            lines += [f"# [{section}]", ""]
        lines += [f"# {setting.description}", f"# {setting.environment}={setting.default or ''}", ""]
    return lines[:-1]
