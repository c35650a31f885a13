"""`ragchat embedder`, and what an installed MiniLM changes."""

from __future__ import annotations

import shutil
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.embeddings.tiny import ArchiveServer, sha256, tiny_archive, tiny_files
from tests.programs import RAGCHAT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.programs import Program, Ran

NAMES = ["bundled", "minilm", "ollama"]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    return tiny_files(tmp_path / "given" / "onnx")


@pytest.fixture
def models(folder: Path) -> Path:
    """Where the program installs."""
    return folder.parent / "user/.local/share/ragchat/models"


def _installed(ragchat: Program, files: Path) -> Ran:
    return ragchat("embedder", "install", "minilm", "--from", str(files), "--json")


def test_the_embedders_are_listed_with_the_one_for_new_collections(ragchat: Program, files: Path) -> None:
    before = ragchat("embedder", "list", "--json").result
    assert [row["name"] for row in before["embedders"]] == NAMES
    assert [row["at_hand"] for row in before["embedders"]] == [True, False, False]
    assert before["new_collection"] == "bundled"
    assert "ragchat embedder install minilm" in ragchat("embedder", "list").out
    fingerprint = _installed(ragchat, files).result["fingerprint"]
    after = ragchat("embedder", "list", "--json").result
    assert [row["fingerprint"] for row in after["embedders"]][1] == fingerprint
    assert after["new_collection"] == "minilm"
    assert after["embedder_reason"] == "Embedded by MiniLM: Ollama is not running."
    lines = ragchat("embedder", "list").out.splitlines()
    assert lines[1] == f"minilm · {fingerprint} · for new collections"
    assert [line.partition(" ")[0] for line in lines] == NAMES
    wished = ragchat("embedder", "list", "--json", RAGCHAT_EMBEDDER="bundled").result
    assert (wished["new_collection"], wished["embedder_reason"]) == ("bundled", "")


def test_a_new_collection_gets_it_and_an_old_one_keeps_its_own(ragchat: Program, files: Path) -> None:
    ragchat("ingest", ".", "--collection", "old")
    fingerprint = _installed(ragchat, files).result["fingerprint"]
    ran = ragchat("ingest", ".", "--collection", "new")
    assert "Embedded by MiniLM" in ran.err + ran.out
    ragchat("ingest", ".", "--collection", "old")
    rows = {row["name"]: row["embedder"] for row in ragchat("collection", "list", "--json").result["collections"]}
    assert rows["new"] == fingerprint
    assert rows["old"].startswith("bundled/")
    for name in rows:
        passages = ragchat("search", "pink tea", "--collection", name, "--json").result["passages"]
        assert "tea.txt" in {row["source"] for row in passages}


@pytest.mark.parametrize("command", [("search", "tea"), ("ingest", "."), ("ask", "What is noon chai?")])
def test_a_collection_whose_embedder_has_gone_says_how_to_get_it_back(
    ragchat: Program, files: Path, models: Path, command: tuple[str, ...]
) -> None:
    _installed(ragchat, files)
    ragchat("ingest", ".")
    shutil.rmtree(models)
    ran = ragchat(*command, "--json")
    assert ran.status == 1
    assert ran.error["kind"] == "embedder"
    assert ran.error["hint"] == "Run `ragchat embedder install minilm`."


def test_a_collection_refuses_other_weights_of_the_same_name(
    ragchat: Program, tmp_path: Path, files: Path
) -> None:
    _installed(ragchat, files)
    ragchat("ingest", ".")
    _installed(ragchat, tiny_files(tmp_path / "other", seed=1))
    assert ragchat("search", "tea", "--json").error["kind"] == "embedder_mismatch"


def test_nothing_is_fetched_but_by_the_command(ragchat: Program, models: Path) -> None:
    ran = ragchat("ingest", ".", "--embedder", "minilm", "--json")
    assert ran.error["hint"] == "Run `ragchat embedder install minilm`."
    assert ragchat("ingest", ".").status == 0
    assert not models.exists()


def test_it_is_fetched_from_a_mirror(ragchat: Program, files: Path, models: Path) -> None:
    content = tiny_archive(files)
    with ArchiveServer(content) as server:
        refused = ragchat("embedder", "install", "minilm", "--from", server.address, "--json")
        assert "SHA-256" in refused.error["message"]
        assert not (models / "all-MiniLM-L6-v2").exists()
        ran = ragchat("embedder", "install", "minilm", "--from", f"{server.address}#sha256={sha256(content)}")
    assert ran.status == 0
    assert ran.out.startswith("installed · minilm/all-MiniLM-L6-v2@")
    assert str(models / "all-MiniLM-L6-v2") in ran.out


def test_what_is_installed_and_sound_is_left_alone(ragchat: Program, files: Path, models: Path) -> None:
    assert _installed(ragchat, files).result["already"] is False
    ran = ragchat("embedder", "install", "minilm", "--json")
    assert ran.result["already"] is True
    assert ran.result["folder"] == str(models / "all-MiniLM-L6-v2")
    assert ragchat("embedder", "install", "minilm").out.startswith("installed already · ")


def test_what_is_damaged_is_fetched_again(ragchat: Program, files: Path, models: Path) -> None:
    _installed(ragchat, files)
    ragchat("ingest", ".")
    (models / "all-MiniLM-L6-v2" / "tokenizer.json").write_text("damaged")
    assert "ragchat embedder install minilm" in ragchat("search", "tea", "--json").error["hint"]
    # No network is there: that it was asked shows in the error.
    ran = ragchat("embedder", "install", "minilm", "--json", HTTPS_PROXY="http://127.0.0.1:9")
    assert "cannot be reached" in ran.error["message"]
    assert "--from" in ran.error["hint"]
    assert _installed(ragchat, files).status == 0
    assert ragchat("search", "tea").status == 0


def test_the_copy_of_chromadbs_own_loader_is_used(ragchat: Program, folder: Path, models: Path) -> None:
    theirs = tiny_files(folder.parent / "user/.cache/chroma/onnx_models/all-MiniLM-L6-v2/onnx")
    ran = ragchat("embedder", "install", "minilm", "--json")
    assert (ran.result["already"], ran.result["folder"]) == (True, str(theirs))
    assert ragchat("embedder", "list", "--json").result["new_collection"] == "minilm"
    assert not models.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_download_that_is_stopped_leaves_nothing(
    ragchat: Program, files: Path, models: Path, number: signal.Signals
) -> None:
    with ArchiveServer(tiny_archive(files)) as server:
        server.then(server.begin_and_stall)
        command = [str(RAGCHAT), "embedder", "install", "minilm", "--from", server.address]
        process = subprocess.Popen(command, cwd=ragchat.folder, env=ragchat.variables(), stderr=subprocess.PIPE)
        assert server.begun.wait(60)
        process.send_signal(number)
        process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert [path.name for path in models.iterdir() if path.name != "install.lock"] == []


@pytest.mark.parametrize("name", ["bundled", "ollama", "all-MiniLM-L6-v2"])
def test_another_name_cannot_be_installed(ragchat: Program, name: str) -> None:
    ran = ragchat("embedder", "install", name, "--json")
    assert ran.status == 2
    assert "minilm" in ran.error["message"]
