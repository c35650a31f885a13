"""What the help of each command shows to be typed; all of it works on the sample data."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

EXAMPLES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "ask": (
            'ragchat ask "How long do spices keep?"',
            'ragchat ask "What is tahdig?" --docs data/food',
            'ragchat ask "What is tahdig?" --json',
        ),
        "chat": ("ragchat chat", "ragchat chat --docs data/food --local-only"),
        "search": ('ragchat search "pink tea with salt"', "ragchat search saffron --top-k 2 --json"),
        "ingest": (
            "ragchat ingest data/food",
            "ragchat ingest data/food --dry-run",
            "ragchat ingest data/food/guides --collection guides",
        ),
        "usage": ("ragchat usage", "ragchat usage --by day"),
        "doctor": ("ragchat doctor", "ragchat doctor --collection guides --json"),
        "completion": ('eval "$(ragchat completion bash)"', "ragchat completion fish"),
        "docs list": ("ragchat docs list", "ragchat docs list --collection guides"),
        "docs show": ("ragchat docs show bread.md", "ragchat docs show guides/bread.md --json"),
        "docs remove": ("ragchat docs remove guides/bread.md", "ragchat docs remove 'guides/*.md' --yes"),
        "sessions list": ("ragchat sessions list", "ragchat sessions list --json"),
        "sessions show": ("ragchat sessions show 1",),
        "sessions export": ("ragchat sessions export 1", "ragchat sessions export 1 -o talk.md"),
        "sessions rename": ('ragchat sessions rename 1 "Persian rice"',),
        "sessions remove": ("ragchat sessions remove 1", "ragchat sessions remove --older-than 90"),
        "collection list": ("ragchat collection list",),
        "collection create": (
            "ragchat collection create tickets",
            "ragchat collection create notes --embedder bundled",
        ),
        "collection remove": ("ragchat collection remove guides",),
        "index status": ("ragchat index status", "ragchat index status --collection guides"),
        "index verify": ("ragchat index verify", "ragchat index verify --json"),
        "index repair": ("ragchat index repair",),
        "index rebuild": ("ragchat index rebuild", "ragchat index rebuild --embed-only"),
        "index vacuum": ("ragchat index vacuum",),
        "embedder list": ("ragchat embedder list",),
        "embedder install": ("ragchat embedder install minilm",),
        "bench retrieval": ("ragchat bench retrieval --corpus documents.jsonl --cases questions.jsonl",),
        "config show": (
            "ragchat config show",
            "ragchat config show retrieval",
            "ragchat config show RAGCHAT_TOP_K --json",
        ),
        "config path": ("ragchat config path",),
    }
)
"""By the command's name as it is typed behind `ragchat`."""
