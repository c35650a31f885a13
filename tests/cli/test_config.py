"""What is set, and which source said so, told by the real program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ragchat.settings.describe import Row
from ragchat.settings.model import DECLARED
from ragchat.settings.origin import Origin
from ragchat.terminal.cells import cells
from ragchat.terminal.views.settings import setting, settings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.programs import Program

KEY = "gsk_aKeyOfTheRightShape0123456789"


@pytest.fixture
def config(folder: Path) -> Path:
    """The user's own config file."""
    file = folder.parent / "user" / ".config" / "ragchat" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('[retrieval]\ntop_k = 3\n\n[groq]\ntemperature = 0.5\nmodel = "from-the-file"\n')
    return file


def _rows(ragchat: Program, *arguments: str, **variables: str) -> dict[str, Any]:
    ran = ragchat("config", "show", *arguments, "--json", **variables)
    return {row["name"]: row for row in ran.result["settings"]}


def test_every_setting_has_its_value_and_its_source(ragchat: Program, folder: Path, config: Path) -> None:
    (folder / ".env").write_text("RAGCHAT_TOP_K=4\nGROQ_TEMPERATURE=0.7\n")
    rows = _rows(ragchat, "--home", "elsewhere", RAGCHAT_TOP_K="5")
    assert list(rows) == list(DECLARED)
    dotenv, file = (
        {"kind": ".env", "where": str(folder / ".env")},
        {"kind": "config file", "where": str(config)},
    )
    top_k = rows["retrieval.top_k"]
    assert (top_k["value"], top_k["default"]) == ("5", "8")
    assert top_k["source"] == {"kind": "environment", "where": "RAGCHAT_TOP_K"}
    assert top_k["overridden"] == [dotenv, file]
    assert (rows["groq.temperature"]["source"], rows["groq.temperature"]["overridden"]) == (dotenv, [file])
    assert (rows["groq.model"]["value"], rows["groq.model"]["source"]) == ("from-the-file", file)
    assert rows["home"]["value"] == str(folder / "elsewhere")
    assert rows["home"]["source"] == {"kind": "flag", "where": "home"}
    assert rows["ingest.max_file_mb"]["source"]["kind"] == "default"


def test_people_read_it_as_a_config_file_with_its_sources(ragchat: Program, folder: Path, config: Path) -> None:
    ran = ragchat("config", "show", RAGCHAT_TOP_K="5")
    assert ran.status == 0
    assert f"\n\n[retrieval]\nembedder = auto · default\ntop_k = 5 · RAGCHAT_TOP_K, over {config}\n" in ran.out
    assert f"home = {folder.parent / 'home'} · RAGCHAT_HOME\n" in ran.out


def test_a_key_is_never_shown_whole(ragchat: Program, folder: Path) -> None:
    for arguments in ((), ("groq.api_key",), ("--json",)):
        ran = ragchat("config", "show", *arguments, GROQ_API_KEY=KEY)
        assert ran.status == 0
        assert "••••89" in ran.out
        assert KEY[-3:] not in ran.out + ran.err
    assert _rows(ragchat)["groq.api_key"]["value"] is None
    (folder / ".env").write_text("GROQ_BASE_URL=https://elsewhere.invalid\n")
    withheld = _rows(ragchat, GROQ_API_KEY=KEY)["groq.api_key"]
    assert (withheld["value"], "is not used" in withheld["note"]) == (None, True)
    assert "api_key = not set · GROQ_API_KEY · found, and not used\n" in (
        ragchat("config", "show", GROQ_API_KEY=KEY).out
    )


@pytest.mark.parametrize("name", ["retrieval.top_k", "RAGCHAT_TOP_K"])
def test_one_setting_is_shown_by_either_name_with_what_it_is_for(ragchat: Program, name: str) -> None:
    assert ragchat("config", "show", name).out == (
        "retrieval.top_k = 8 · default\n"
        "   How many passages a question is answered from.\n"
        "   RAGCHAT_TOP_K, by default 8\n"
    )


def test_a_section_is_shown_whole(ragchat: Program) -> None:
    assert list(_rows(ragchat, "retrieval")) == ["retrieval.embedder", "retrieval.top_k"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [("retreival.topk", "Did you mean retrieval.top_k?"), ("zzz", "See them all: ragchat config show")],
)
def test_a_setting_that_nobody_knows_gets_the_nearest(ragchat: Program, name: str, hint: str) -> None:
    ran = ragchat("config", "show", name)
    assert (ran.status, ran.err) == (2, f"error: There is no setting called {name}.\nhint: {hint}\n")


def test_a_name_that_nobody_reads_is_refused_with_the_nearest(ragchat: Program, config: Path) -> None:
    ran = ragchat("config", "show", RAGCHAT_TOPK="5")
    assert (ran.status, "nearest known name is RAGCHAT_TOP_K" in ran.err) == (7, True)
    config.write_text("[retrieval]\ntopk = 3\n")
    ran = ragchat("config", "show")
    assert (ran.status, "nearest known name is retrieval.top_k" in ran.err) == (7, True)


def test_the_path_is_that_of_the_file_that_is_read(ragchat: Program, folder: Path) -> None:
    own = folder.parent / "user" / ".config" / "ragchat" / "config.toml"
    assert ragchat("config", "path").out == f"{own}\n"
    assert ragchat("config", "path", RAGCHAT_CONFIG="my.toml").out == f"{folder / 'my.toml'}\n"
    assert ragchat("config", "path", "--json").result == {"path": str(own), "exists": False}


def test_every_line_is_narrow_where_it_can_be_and_acts_on_no_terminal() -> None:
    row = Row(
        name="groq.model",
        environment="GROQ_MODEL",
        value="evil\x1b[2Jmodel",
        origin=Origin(".env", "/home/a\x1b]0;x\x07/.env"),
        overridden=(),
        description="Which model at Groq answers when it is asked.",
        default=None,
        note="",
    )
    for shown in (settings([row], 40), setting([row], 40)):
        assert "\x1b" not in shown.plain
        assert max(map(cells, shown.plain.split("\n"))) <= 40
