"""Nothing leaves this machine unasked while somebody is there: the program in a real terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pexpect
import pytest

from tests.programs import RAGCHAT, Program
from tests.servers.ollama import CHAT, Model, OllamaServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EMBEDDED_AWAY = Model("mxbai-embed-large:latest", ("embedding",), "bert", remote_host="https://ollama.com")
TO_GROQ = "Send this question and the passages found to groq.invalid"
TO_OLLAMA = "Send every document of this collection, and each question, to ollama.com"
KEY = {"GROQ_API_KEY": "gsk_0123456789abcdef", "GROQ_BASE_URL": "https://groq.invalid"}


@pytest.fixture
def away() -> Iterator[OllamaServer]:
    """An Ollama that passes what is to be embedded on to ollama.com."""
    with OllamaServer(models=(EMBEDDED_AWAY, CHAT)) as server:
        yield server


def at_a_terminal(ragchat: Program, command: str, **variables: str) -> pexpect.spawn[str]:
    """`command` as it runs in a shell in a terminal."""
    environment = {**ragchat.variables(variables), "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "COLUMNS": "200"}
    return pexpect.spawn(
        "bash", ["-c", command], cwd=str(ragchat.folder), env=environment, encoding="utf-8", timeout=30
    )


@pytest.mark.parametrize(
    "command",
    [
        f"{RAGCHAT} ask 'What is noon chai?' | cat > out",
        f"{RAGCHAT} ask --json 'What is noon chai?' > out",
        f"{RAGCHAT} ask 'What is noon chai?' 2> err",
        f"{RAGCHAT} ask 'What is noon chai?'",
    ],
)
def test_whoever_sits_there_is_asked_wherever_the_answer_goes(
    ragchat: Program, folder: Path, command: str
) -> None:
    ragchat("ingest", ".")
    program = at_a_terminal(ragchat, command, **KEY)
    program.expect_exact(TO_GROQ)
    program.sendline("n")
    program.expect(pexpect.EOF)
    if (folder / "out").exists():
        out = (folder / "out").read_text()
        assert "pink tea" in out
        assert "Send" not in out
        assert "--json" not in command or json.loads(out)["result"]["provider"] == "extractive"
    else:
        assert "pink tea" in str(program.before)


def test_a_script_goes_to_the_provider_it_configured(ragchat: Program) -> None:
    ragchat("ingest", ".")
    ran = ragchat("ask", "What is noon chai?", "--json", **KEY)
    assert any("groq" in notice.lower() and "answers instead" in notice for notice in ran.result["notices"])
    assert not any("leave this machine" in notice or "You keep" in notice for notice in ran.result["notices"])


def test_a_strangers_env_file_grants_nothing(ragchat: Program, folder: Path) -> None:
    ragchat("ingest", ".")
    settings = "".join(f"{name}={value}\n" for name, value in KEY.items())
    (folder / ".env").write_text(f"RAGCHAT_CLOUD=allow\n{settings}")
    program = at_a_terminal(ragchat, f"{RAGCHAT} ask 'What is noon chai?'")
    program.expect_exact("can only make it stricter")
    program.expect_exact(TO_GROQ)
    program.sendline("n")
    program.expect_exact("pink tea")
    program.expect(pexpect.EOF)


def test_an_ingest_asks_for_every_document(ragchat: Program, folder: Path, away: OllamaServer) -> None:
    program = at_a_terminal(ragchat, f"{RAGCHAT} ingest --json --embedder ollama . > out", OLLAMA_HOST=away.url)
    program.expect_exact(TO_OLLAMA)
    program.sendline("n")
    program.expect(pexpect.EOF)
    assert (
        "You keep this collection from ollama.com" in json.loads((folder / "out").read_text())["error"]["message"]
    )
    assert [exchange.path for exchange in away.journal if exchange.path == "/api/embed"] == []
    assert ragchat("collection", "list", "--json").result["collections"] == []


def test_a_chat_asks_before_its_prompt_and_once(ragchat: Program, away: OllamaServer) -> None:
    server = {"OLLAMA_HOST": away.url}
    assert ragchat("ingest", ".", "--embedder", "ollama", RAGCHAT_CLOUD="allow", **server).status == 0
    program = at_a_terminal(ragchat, f"{RAGCHAT} chat", **server)
    program.expect_exact(TO_OLLAMA)
    program.sendline("o")
    program.expect_exact("2 documents")
    for question in ("What is noon chai?", "How long should a loaf cool?"):
        program.send(f"{question}\r")
        program.expect_exact("local model read the passages")
        assert TO_OLLAMA not in str(program.before)
    program.send("\x04")
    program.expect(pexpect.EOF)


def test_top_k_out_of_bounds_is_wrong_use(ragchat: Program) -> None:
    for number in ("0", "51"):
        ran = ragchat("search", "x", "--top-k", number, "--json")
        assert (ran.status, ran.error["kind"]) == (2, "usage")


def test_docs_says_why_a_new_folder_got_its_embedder(ragchat: Program) -> None:
    assert "Embedded by the bundled vectors" in ragchat("ask", "What is noon chai?", "--docs", ".").err
    assert "Embedded by" not in ragchat("ask", "What is noon chai?", "--docs", ".").err


def test_who_was_set_up_and_is_not_there_has_failed(ragchat: Program) -> None:
    ragchat("ingest", ".")
    ragchat("ask", "What is noon chai?", GROQ_API_KEY="gsk_0123456789abcdef", GROQ_BASE_URL="http://127.0.0.1:9")
    rows = {row["provider"]: row for row in ragchat("usage", "--json").result["rows"]}
    assert {name: (row["requests"], row["skipped"]) for name, row in rows.items()} == {
        "groq": (1, 0),
        "ollama": (1, 0),
        "extractive": (1, 0),
    }
