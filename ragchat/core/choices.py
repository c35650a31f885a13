"""What a person may name: who answers, and what makes vectors."""

from __future__ import annotations

from typing import Literal, TypeAlias

ProviderChoice: TypeAlias = Literal["groq", "ollama", "extractive"]
"""In the order they are tried."""

EmbedderChoice: TypeAlias = Literal["auto", "bundled", "minilm", "ollama"]
