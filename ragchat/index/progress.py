"""How far a long piece of work is, told while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Progress: TypeAlias = "Callable[[int, int, str], None]"
"""Told how many files are done, of how many, and which is next."""
