"""Real tokens of real models, through the chain and the program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

from ragchat.assembly.state import open_state
from ragchat.core.completion import Delta
from ragchat.generation.extractive.generator import ExtractiveGenerator
from ragchat.generation.providers.deadlines import Deadlines
from ragchat.generation.providers.gguf import GGUFGenerator
from ragchat.generation.providers.openai import OpenAIGenerator
from tests.generation.chains import router, rows
from tests.generation.prompts import PROMPT, read
from tests.programs import ROOT
from tests.real.tiny import CONTEXT

if TYPE_CHECKING:
    from pathlib import Path

    from ragchat.core.protocols import Generator

PATIENT = Deadlines(60.0, 60.0)


def _answered(folder: Path, generator: Generator) -> dict[str, object]:
    """The ledger's row of an answer that a model wrote."""
    with closing(open_state(folder / "state.db")) as state:
        text, _, completion = read(router(state, generator, ExtractiveGenerator()).stream(PROMPT))
        assert text
        assert completion.provider == generator.provider
        (row,) = rows(state)
        return row


def test_a_server_of_transformers_answers(served: str, tiny: Path, tmp_path: Path) -> None:
    model = f"./{tiny.parent.name}"
    with closing(
        OpenAIGenerator(
            api_key=None, model=model, temperature=0.2, max_tokens=40, base_url=served, deadlines=PATIENT
        )
    ) as generator:
        row = _answered(tmp_path, generator)
    assert (row["provider"], row["model"], row["outcome"], row["token_source"]) == (
        "openai",
        model,
        "ok",
        "server",
    )
    assert isinstance(row["prompt_tokens"], int)
    assert row["prompt_tokens"] > len(PROMPT.asked)
    assert 0 < int(str(row["completion_tokens"])) <= 40


def test_a_file_of_llama_cpp_answers(tiny: Path, tmp_path: Path) -> None:
    with closing(
        GGUFGenerator(tiny, gpu_layers=0, n_ctx=CONTEXT, temperature=0.2, max_tokens=40, deadlines=PATIENT)
    ) as generator:
        row = _answered(tmp_path, generator)
    assert (row["provider"], row["model"], row["outcome"]) == ("gguf", "tiny.gguf", "ok")
    assert 0 < int(str(row["completion_tokens"])) <= 40


def test_an_answer_that_is_left_leaves_the_model_ready(tiny: Path) -> None:
    with closing(
        GGUFGenerator(tiny, gpu_layers=0, n_ctx=CONTEXT, temperature=0.2, max_tokens=40, deadlines=PATIENT)
    ) as generator:
        with closing(generator.stream(PROMPT)) as pieces:
            assert isinstance(next(pieces), Delta)
        assert read(generator.stream(PROMPT))[0]


def test_the_program_shows_nothing_but_visible_text(served: str, tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "bread.md").write_text("# Bread\n\nA loaf cools on a rack for an hour.\n", "utf-8")
    environment = os.environ | {
        "RAGCHAT_HOME": str(tmp_path / "home"),
        "RAGCHAT_PROVIDERS": "openai,extractive",
        "OPENAI_BASE_URL": served,
        "OPENAI_MODEL": f"./{tiny.parent.name}",
        "PYTHONPATH": str(ROOT),
    }

    def ragchat(*arguments: str) -> str:
        command = [sys.executable, "-m", "ragchat", *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=True, timeout=120)
        return done.stdout.decode()

    ragchat("ingest", "bread.md")
    shown = ragchat("ask", "How long does a loaf cool?")
    assert shown.replace("\n", "").isprintable()
    (told,) = json.loads(ragchat("usage", "--json"))["result"]["rows"]
    assert (told["provider"], told["requests"]) == ("openai", 1)
