"""What the chain may not import."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {"groq", "httpx", "genai_prices", "numpy", "requests", "chromadb", "llama_cpp"}


def test_a_chain_is_made_without_any_sdk() -> None:
    clients = ("groq", "ollama", "unconfigured", "failures", "openai", "anthropic", "gguf", "deadlines")
    modules = ("chain.router", *(f"providers.{client}" for client in clients))
    program = "".join(f"import ragchat.generation.{module}\n" for module in modules)
    program += f"import sys\nprint(*sorted({HEAVY!r} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""
