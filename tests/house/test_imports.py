"""Starting the program imports almost nothing, and imports inside functions stand where they are allowed."""

from __future__ import annotations

import ast
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.programs import ROOT

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = {
    "chromadb",
    "cryptography",
    "genai_prices",
    "groq",
    "httpx",
    "llama_cpp",
    "numpy",
    "lxml",
    "onnxruntime",
    "openpyxl",
    "pptx",
    "prompt_toolkit",
    "pydantic",
    "requests",
    "rich",
    "tokenizers",
    "torch",
    "transformers",
    "watchfiles",
    "wordllama",
}

ALLOWED_INSIDE_FUNCTIONS = {
    # Only what is ingested or mended needs what reads, and only a watch what watches.
    "ragchat/assembly/library.py": {
        "ragchat.documents.walk",
        "ragchat.index.ingest",
        "ragchat.index.rebuild",
        "ragchat.index.repair",
        "ragchat.index.watch",
    },
    # A command imports what it works with when it runs.
    "ragchat/__main__.py": {"ragchat.cli.run"},
    "ragchat/cli/ask.py": {
        "ragchat.cli",  # stdin
        "ragchat.cli.desk",
        "ragchat.pipeline.answering",
        "ragchat.terminal.stream",
    },
    "ragchat/cli/ask_batch.py": {
        "ragchat.conversation.batch",
        "ragchat.conversation.questions",
        "ragchat.resilience.pacing",
        "ragchat.terminal.batch",
        "ragchat.terminal.signals",
    },
    "ragchat/cli/bench.py": {
        "ragchat.bench.cases",
        "ragchat.bench.retrieval",
        "ragchat.cli.desk",
        "ragchat.terminal.progress",
        "ragchat.terminal.signals",
        "ragchat.terminal.views",
    },
    "ragchat/cli/chat.py": {
        "ragchat.cli.desk",
        "ragchat.terminal.chat",
        "ragchat.terminal.console",
        "ragchat.terminal.loading",
        "ragchat.terminal.preferences",
        "ragchat.terminal.repl",
        "ragchat.terminal.views.ingest",
    },
    "ragchat/cli/collection.py": {"ragchat.cli.desk", "ragchat.terminal.views.collections"},
    "ragchat/cli/completion.py": {
        "ragchat.conversation.catalogue",
        "ragchat.index.catalogue",
        "ragchat.settings.places",
    },
    "ragchat/cli/config.py": {
        "rich.text",
        "ragchat.settings.describe",
        "ragchat.settings.load",
        "ragchat.settings.places",
        "ragchat.terminal.console",
        "ragchat.terminal.sanitise",
        "ragchat.terminal.views",
    },
    "ragchat/cli/docs.py": {"ragchat.cli.desk", "ragchat.index.naming", "ragchat.terminal.views.documents"},
    "ragchat/cli/doctor.py": {
        "ragchat.assembly.examination",
        "ragchat.terminal.console",
        "ragchat.terminal.views.doctor",
        "ragchat.upkeep.checks.surroundings",
    },
    "ragchat/cli/embedder.py": {
        "ragchat.cli.desk",
        "ragchat.embeddings",
        "ragchat.terminal.console",
        "ragchat.terminal.progress",
        "ragchat.terminal.signals",
        "ragchat.terminal.views.embedders",
    },
    "ragchat/cli/index.py": {
        "ragchat.cli.desk",
        "ragchat.index.collection",
        "ragchat.index.status",
        "ragchat.index.vacuum",
        "ragchat.index.verify",
        "ragchat.terminal.progress",
        "ragchat.terminal.signals",
        "ragchat.terminal.views",
    },
    "ragchat/cli/ingest.py": {
        "ragchat.cli.desk",
        "ragchat.index.collection",
        "ragchat.terminal.signals",
        "ragchat.terminal.views.failure",
        "ragchat.terminal.views.ingest",
        "ragchat.terminal.views.plan",
    },
    "ragchat/cli/run.py": {
        "ragchat.cli.chat",
        "ragchat.cli.main",
        "ragchat.terminal.console",
        "ragchat.terminal.views.failure",
    },
    "ragchat/cli/search.py": {"ragchat.cli.desk", "ragchat.terminal.views.sources"},
    "ragchat/cli/sessions.py": {
        "ragchat.cli.desk",
        "ragchat.conversation",
        "ragchat.conversation.export",
        "ragchat.terminal.sanitise",
        "ragchat.terminal.views.sessions",
    },
    "ragchat/cli/usage.py": {"ragchat.cli.desk", "ragchat.terminal.views"},
    # What lays out Markdown is slow to load, and not needed before an answer comes.
    "ragchat/terminal/screen.py": {"ragchat.terminal.markdown.writing"},
    # The one file that owns a heavy library imports it where it opens it.
    "ragchat/documents/decode.py": {"charset_normalizer"},
    "ragchat/documents/readers/slides.py": {"pptx"},
    "ragchat/documents/readers/spreadsheet.py": {"openpyxl"},
    "ragchat/embeddings/bundled.py": {"tokenizers"},
    "ragchat/embeddings/choose.py": {"ragchat.embeddings.minilm"},
    "ragchat/generation/providers/catalogue.py": {
        "ragchat.generation.providers",  # sse
        "ragchat.generation.providers.line",
    },
    "ragchat/generation/providers/gguf.py": {"llama_cpp"},
    "ragchat/generation/providers/groq.py": {"ragchat.generation.providers.groq_sdk"},
    "ragchat/generation/providers/served.py": {
        "ragchat.generation.providers",  # sse
        "ragchat.generation.providers.line",
    },
    "ragchat/index/collection.py": {"ragchat.index.vectors"},
    "ragchat/conversation/payload.py": {"pydantic"},
    "ragchat/settings/changing.py": {"ragchat.settings.model"},
    "ragchat/privacy/seal.py": {
        "cryptography.exceptions",
        "cryptography.hazmat.primitives.ciphers.aead",
    },
    "ragchat/usage/prices.py": {"genai_prices"},
}


def _loaded_after(code: str) -> set[str]:
    probe = f"import sys; {code}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    ran = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=60, check=True)
    return set(ran.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "code",
    [
        "from ragchat.__main__ import main; sys.argv = ['ragchat', '--version']; main()",
        "from ragchat.cli.run import run; run(['--help'])",
    ],
)
def test_help_and_version_load_nothing_heavy(code: str) -> None:
    assert _loaded_after(code) & HEAVY == set()


def test_the_help_of_a_command_loads_nothing_heavy_but_what_typer_looks_for() -> None:
    loaded = _loaded_after("from ragchat.cli.run import run; run(['ask', '--help'])")
    assert loaded & HEAVY <= {"pydantic"}


def test_version_loads_nothing_but_the_front_door() -> None:
    assert "typer" not in _loaded_after(
        "from ragchat.__main__ import main; sys.argv = ['ragchat', '--version']; main()"
    )


def test_opening_the_workspace_leaves_what_is_slow_for_later() -> None:
    assert (
        _loaded_after("import ragchat.cli.desk")
        & {"chromadb", "groq", "httpx", "genai_prices", "tokenizers", "torch", "watchfiles"}
        == set()
    )


def test_a_search_loads_nothing_that_reads_documents() -> None:
    probe = "import sys, ragchat.cli.desk; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=60, check=True)
    assert not any(name.startswith(("ragchat.documents.readers.", "pathspec")) for name in ran.stdout.split())


def test_the_prompt_waits_for_nothing_that_only_commands_and_answers_need() -> None:
    loaded = _loaded_after("import ragchat.cli.run, ragchat.cli.chat, ragchat.terminal.repl")
    assert "prompt_toolkit" in loaded
    assert loaded & (HEAVY | {"typer"}) <= {"prompt_toolkit", "rich"}


def test_imports_inside_functions_are_the_listed_ones() -> None:
    found = {
        str(path.relative_to(ROOT)): names
        for path in sorted((ROOT / "ragchat").rglob("*.py"))
        if (names := _inner_imports(path))
    }
    assert found == ALLOWED_INSIDE_FUNCTIONS


def _inner_imports(path: Path) -> set[str]:
    functions = [
        node
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    names: set[str] = set()
    for node in (inner for function in functions for inner in ast.walk(function)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names
