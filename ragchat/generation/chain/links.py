"""The chain as it stands now: who would be asked, and why somebody would not be."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragchat.core.protocols import Reachable
from ragchat.errors import StorageError
from ragchat.generation.providers.unconfigured import Unconfigured

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ragchat.core.protocols import Generator
    from ragchat.generation.chain.health import Health


@dataclass(frozen=True, slots=True)
class Link:
    """A provider in its place; `trouble` is why it would not be asked now, such as `limited until 14:05`.

    `context` is how many tokens prompt and answer may have together; None when that is not known.
    """

    provider: str
    model: str
    trouble: str = ""
    context: int | None = None


def links(generators: Iterable[Generator], health: Health, *, local_only: bool = False) -> tuple[Link, ...]:
    """A link for each of `generators`, in their order; if `local_only`, none on another machine would be asked.

    Nothing is sent to another machine.
    """
    return tuple(
        Link(one.provider, one.model, _trouble(one, health, local_only), one.context) for one in generators
    )


def _trouble(generator: Generator, health: Health, local_only: bool) -> str:
    if isinstance(generator, Unconfigured):
        return generator.trouble
    if isinstance(generator, Reachable) and not generator.reachable():
        return "not running"
    if local_only and generator.destination is not None:
        return "elsewhere"
    with suppress(StorageError):
        return health.trouble(generator)
    return ""
