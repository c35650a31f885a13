"""Who answers, one behind the other, and why somebody does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat.terminal.sanitise import visible_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ragchat.generation.chain.links import Link


def chain(links: Iterable[Link]) -> str:
    """`groq · openai/gpt-oss-20b → ollama (not running) → extractive`."""
    return _joined(links, lambda link: link.model)


def shorter_chains(links: Sequence[Link]) -> tuple[str, str]:
    """The same with models that have lost their makers, then without models."""
    return _joined(links, lambda link: link.model.rpartition("/")[2]), _joined(links, lambda _: "")


def _joined(links: Iterable[Link], model: Callable[[Link], str]) -> str:
    return " → ".join(_shown(link, model(link)) for link in links)


def _shown(link: Link, model: str) -> str:
    """The model is no news of one who would not be asked; the extractive one is its own model."""
    if link.trouble:
        return f"{link.provider} ({link.trouble})"
    return visible_line(" · ".join(filter(None, dict.fromkeys((link.provider, model)))))
