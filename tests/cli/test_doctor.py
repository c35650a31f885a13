"""The doctor, as a process that looks at real files and servers."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ragchat.terminal.cells import cells
from ragchat.terminal.views.doctor import finding_lines
from ragchat.upkeep.finding import Finding
from tests.servers.ollama import CHAT, EMBEDDING, Model, OllamaServer

if TYPE_CHECKING:
    from tests.programs import Program, Ran

NAMES = [
    *("python", "terminal", "bytecode", "office", "settings", "home", "permissions"),
    *("files", "disk", "ledger", "conversations", "index", "embedder", "ollama", "groq"),
]
KEY = "gsk_aKeyOfTheRightShape0123456789"


def _found(ran: Ran) -> dict[str, Any]:
    """The findings by name; the exit status agrees with them, and all that is not well has a cure."""
    result = ran.result
    findings = {finding["name"]: finding for finding in result["findings"]}
    assert len(findings) == len(result["findings"])
    assert all(set(finding) == {"name", "state", "message", "cure"} for finding in findings.values())
    assert all(bool(finding["cure"]) is (finding["state"] != "ok") for finding in findings.values()), findings
    broken = [name for name, finding in findings.items() if finding["state"] == "problem"]
    assert result["ok"] is (not broken)
    assert ran.status == (1 if broken else 0)
    assert ran.err == ""
    return findings


@pytest.fixture
def home(folder: Path) -> Path:
    """Where the program keeps its data."""
    return folder.parent / "home"


def test_a_healthy_home_has_no_findings_but_what_is_optional(ragchat: Program) -> None:
    ragchat("ingest", ".")
    ragchat("ask", "What is noon chai?")
    found = _found(ragchat("doctor", "--json"))
    assert list(found) == NAMES
    assert {name for name, finding in found.items() if finding["state"] != "ok"} == {"ollama", "groq"}
    assert "2 documents and 3 chunks" in found["index"]["message"]
    assert found["ledger"]["message"] == "The ledger of attempts is whole."


def test_people_read_a_line_each_with_the_cure_below(ragchat: Program) -> None:
    ragchat("ingest", ".")
    ran = ragchat("doctor")
    assert ran.status == 0
    assert "✓ ok       settings: All settings can be read.\n" in ran.out
    assert (
        "! warning  ollama: No Ollama server answers at http://127.0.0.1:9.\n           cure: Start it" in ran.out
    )


def test_without_a_home_nothing_is_broken_and_nothing_is_made(ragchat: Program, home: Path) -> None:
    found = _found(ragchat("doctor", "--json"))
    assert "not there yet" in found["home"]["message"]
    assert (found["index"]["state"], found["index"]["message"]) == ("warning", "Nothing is indexed yet.")
    assert "ragchat ingest PATH" in found["index"]["cure"]
    assert not home.exists()


def test_a_file_in_the_place_of_the_home_does_not_stop_the_doctor(ragchat: Program, home: Path) -> None:
    home.write_text("not a folder")
    found = _found(ragchat("doctor", "--json"))
    assert found["home"]["state"] == "problem"
    assert found["embedder"]["state"] == "ok"
    assert "groq" in found


_AS_NOBODY = """
import contextlib, io, os, sys
from ragchat.cli.run import run
with contextlib.redirect_stdout(io.StringIO()):
    run(["doctor"])  # all is imported now: nobody may not be able to
if os.geteuid() == 0:
    os.setuid(65534)
sys.exit(run(["doctor", "--json"]))
"""


@pytest.mark.parametrize(("mode", "made"), [(0o555, True), (0o555, False), (0o000, True)])
def test_a_home_that_may_not_be_written_to_is_a_problem(ragchat: Program, mode: int, made: bool) -> None:
    with tempfile.TemporaryDirectory() as name:  # pytest's own folder is closed to others
        above = Path(name)
        home = above / "closed" / "home" if not made else above / "closed"
        (above / "closed").mkdir()
        (above / "closed").chmod(mode)
        above.chmod(0o755)
        variables = ragchat.variables({"HOME": name, "RAGCHAT_HOME": str(home)})
        ran = subprocess.run(
            [sys.executable, "-c", _AS_NOBODY],
            cwd=name,
            env=variables,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        (above / "closed").chmod(0o700)
    findings = {finding["name"]: finding for finding in json.loads(ran.stdout)["result"]["findings"]}
    assert ran.returncode == 1
    assert findings["home"]["message"] == f"{above / 'closed'} cannot be written to."
    assert "index" not in findings
    assert "groq" in findings


def test_a_home_open_to_others_is_a_warning(ragchat: Program, home: Path) -> None:
    home.mkdir()
    home.chmod(0o755)
    found = _found(ragchat("doctor", "--json"))
    assert found["permissions"]["cure"] == f"Run `chmod 700 {home}`."


def test_an_index_of_garbage_is_a_problem_and_its_cure_works(ragchat: Program, home: Path) -> None:
    ragchat("ingest", ".")
    (home / "collections" / "default" / "index.db").write_bytes(os.urandom(50_000))
    found = _found(ragchat("doctor", "--json"))
    assert "not a database" in found["index"]["message"]
    assert found["index"]["cure"] == "Run `ragchat collection remove default` and ingest again."
    assert ragchat("collection", "remove", "default").status == 0
    ragchat("ingest", ".")
    assert _found(ragchat("doctor", "--json"))["index"]["state"] == "ok"


def test_vectors_deleted_behind_the_manifest_are_a_problem_and_the_cure_works(
    ragchat: Program, home: Path
) -> None:
    ragchat("ingest", ".")
    shutil.rmtree(home / "collections" / "default" / "vectors")
    index = _found(ragchat("doctor", "--json"))["index"]
    assert (index["state"], index["cure"]) == (
        "problem",
        "Run `ragchat index repair --collection default`.",
    )
    assert index["message"].endswith("vectors are missing.")
    assert ragchat("index", "repair", "--collection", "default").status == 0
    assert _found(ragchat("doctor", "--json"))["index"]["state"] == "ok"


def test_vectors_of_garbage_are_a_problem(ragchat: Program, home: Path) -> None:
    ragchat("ingest", ".")
    (home / "collections" / "default" / "vectors" / "chroma.sqlite3").write_bytes(os.urandom(50_000))
    index = _found(ragchat("doctor", "--json"))["index"]
    assert "cannot be opened" in index["message"]
    assert index["cure"] == "Run `ragchat index repair --collection default`."
    assert ragchat("index", "repair", "--collection", "default").status == 0
    assert _found(ragchat("doctor", "--json"))["index"]["state"] == "ok"


def test_a_collection_is_examined_by_name(ragchat: Program) -> None:
    ragchat("ingest", "tea.txt", "--collection", "teas")
    assert (
        "1 document and 1 chunk" in _found(ragchat("doctor", "--collection", "teas", "--json"))["index"]["message"]
    )
    absent = _found(ragchat("doctor", "--collection", "tees", "--json"))["index"]
    assert (absent["state"], absent["message"]) == ("problem", "There is no collection called tees.")


def test_a_running_ollama_is_told_with_its_models(ragchat: Program, ollama_server: OllamaServer) -> None:
    found = _found(ragchat("doctor", "--json", OLLAMA_HOST=ollama_server.url))
    assert found["ollama"] == {
        "name": "ollama",
        "state": "ok",
        "message": "Ollama 0.16.2 on this machine: answers by llama3.2:3b, vectors by mxbai-embed-large.",
        "cure": "",
    }
    assert "ollama/mxbai-embed-large@" in found["embedder"]["message"]
    assert {exchange.path for exchange in ollama_server.journal} <= {"/api/version", "/api/tags"}


@pytest.mark.parametrize(
    ("models", "pulls"),
    [((), ("llama3.2", "mxbai-embed-large")), ((EMBEDDING,), ("llama3.2",)), ((CHAT,), ("mxbai-embed-large",))],
)
def test_an_ollama_without_models_is_a_warning_that_says_what_to_pull(
    ragchat: Program, models: tuple[Any, ...], pulls: tuple[str, ...]
) -> None:
    with OllamaServer(models=models) as server:
        ollama = _found(ragchat("doctor", "--json", OLLAMA_HOST=server.url))["ollama"]
    assert ollama["state"] == "warning"
    assert [
        name for name in ("llama3.2", "mxbai-embed-large") if f"ollama pull {name}`" in ollama["cure"]
    ] == list(pulls)


def test_a_model_that_is_set_and_not_pulled_is_named(ragchat: Program, ollama_server: OllamaServer) -> None:
    ollama = _found(ragchat("doctor", "--json", OLLAMA_HOST=ollama_server.url, OLLAMA_MODEL="qwen3:8b"))["ollama"]
    assert "Ollama has no model qwen3:8b." in ollama["message"]


def test_the_equivalent_of_the_first_model_in_line_is_told_as_the_one_that_answers(ragchat: Program) -> None:
    with OllamaServer(models=(CHAT, EMBEDDING, replace(CHAT, name="gpt-oss:20b"))) as server:
        ollama = _found(ragchat("doctor", "--json", OLLAMA_HOST=server.url))["ollama"]
    assert "answers by gpt-oss:20b," in ollama["message"]


def test_a_broken_file_of_models_names_is_a_finding(ragchat: Program, folder: Path) -> None:
    (folder / "names.toml").write_text("[renamed]")
    settings = _found(ragchat("doctor", "--json", RAGCHAT_MODELS="names.toml"))["settings"]
    assert (settings["state"], "renamed is neither" in settings["message"]) == ("problem", True)


def test_an_embedder_that_is_gone_is_a_problem(ragchat: Program, ollama_server: OllamaServer) -> None:
    ragchat("ingest", ".", OLLAMA_HOST=ollama_server.url)
    found = _found(ragchat("doctor", "--json"))
    assert found["index"]["state"] == "ok"
    assert (found["embedder"]["state"], found["ollama"]["state"]) == ("problem", "warning")


def test_an_embedder_that_was_pulled_anew_is_a_problem(ragchat: Program, home: Path) -> None:
    with OllamaServer() as server:
        ragchat("ingest", ".", OLLAMA_HOST=server.url)
        manifest = home / "collections" / "default" / "index.db"
        _rebind(manifest, "ollama/mxbai-embed-large@000000000000+p1")
        embedder = _found(ragchat("doctor", "--json", OLLAMA_HOST=server.url))["embedder"]
    assert embedder["message"].startswith("The collection default was embedded by ollama/mxbai-embed-large@000000")
    assert embedder["cure"] == "Run `ragchat index rebuild --embed-only --collection default`."


def _rebind(manifest: Path, fingerprint: str) -> None:
    with sqlite3.connect(manifest) as connection:
        connection.execute("UPDATE properties SET value = ? WHERE name = 'embedder'", (fingerprint,))
    connection.close()


def test_another_machine_is_named_and_not_asked_when_nothing_may_leave(ragchat: Program) -> None:
    host = "http://gpu.invalid:11434"
    asked = _found(ragchat("doctor", "--json", OLLAMA_HOST=host))
    assert "another machine, gpu.invalid" in asked["ollama"]["message"]
    kept = _found(ragchat("doctor", "--json", OLLAMA_HOST=host, RAGCHAT_CLOUD="never", RAGCHAT_EMBEDDER="ollama"))
    assert "not asked" in kept["ollama"]["message"]
    assert kept["embedder"]["state"] == "problem"
    assert "RAGCHAT_CLOUD=never" in kept["embedder"]["message"]


def test_a_key_is_looked_at_and_neither_shown_nor_sent(ragchat: Program) -> None:
    ran = ragchat("doctor", "--json", GROQ_API_KEY=KEY, GROQ_BASE_URL="http://127.0.0.1:9")
    groq = _found(ran)["groq"]
    assert groq["state"] == "ok"
    assert "http://127.0.0.1:9" in groq["message"]
    assert KEY not in ran.out


@pytest.mark.parametrize("key", ["gsk_two words0123456789", "gsk_ключ0123456789", 'gsk_"quoted"0123456789'])
def test_a_malformed_key_is_a_problem_and_not_shown(ragchat: Program, key: str) -> None:
    ran = ragchat("doctor", "--json", GROQ_API_KEY=key)
    groq = _found(ran)["groq"]
    assert groq["state"] == "problem"
    assert "console.groq.com/keys" in groq["cure"]
    assert "0123456789" not in ran.out


def test_a_withheld_key_is_a_warning(ragchat: Program, folder: Path) -> None:
    (folder / ".env").write_text("GROQ_BASE_URL=https://elsewhere.invalid\n")
    ran = ragchat("doctor", "--json", GROQ_API_KEY=KEY)
    found = _found(ran)
    assert (found["settings"]["state"], found["groq"]["state"]) == ("warning", "warning")
    assert "GROQ_BASE_URL" in found["settings"]["message"]
    assert KEY not in ran.out


def test_a_wrong_setting_is_a_finding(ragchat: Program) -> None:
    found = _found(ragchat("doctor", "--json", GROQ_TEMPERATURE="hot"))
    assert found["settings"]["message"] == 'GROQ_TEMPERATURE is "hot" (from the environment).'
    assert found["settings"]["cure"].startswith("It must be a number from 0 to 2. Then run `ragchat doctor` again")
    assert found["python"]["state"] == "ok"


def test_output_that_is_not_utf_8_is_a_warning_that_can_be_read(ragchat: Program) -> None:
    ran = ragchat("doctor", PYTHONIOENCODING="ascii")
    assert ran.status == 0
    assert "! warning  terminal: Output is written as ascii" in ran.out
    assert "? ok       home: " in ran.out


@pytest.mark.parametrize("width", [20, 40, 80])
def test_a_finding_fits_its_terminal(width: int) -> None:
    finding = Finding("index", "problem", "The vectors in /home/user/a\x1b[2Jb cannot be opened.", "Remove them.")
    lines = finding_lines(finding, width).plain.split("\n")
    assert max(map(cells, lines)) <= width
    assert lines[0].startswith("✗ problem  index:")
    assert "\x1b" not in "".join(lines)
    assert lines[-1].startswith(" " * 11)
    assert finding_lines(finding, None).plain.endswith("opened.\n           cure: Remove them.")


def test_an_embedder_that_a_local_ollama_passes_on_is_elsewhere(ragchat: Program) -> None:
    passed_on = Model("mxbai-embed-large:latest", ("embedding",), "bert", remote_host="https://ollama.com")
    with OllamaServer(models=(passed_on, CHAT)) as server:
        served = {"OLLAMA_HOST": server.url, "RAGCHAT_EMBEDDER": "ollama", "RAGCHAT_CLOUD": "never"}
        found = _found(ragchat("doctor", "--json", **served))["embedder"]
    assert found["state"] == "problem"
    assert "ollama.com" in found["message"]
