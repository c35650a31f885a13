"""Whether the person wants nothing said but results and errors; `run` sets it before a command begins."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

QUIET: Final[ContextVar[bool]] = ContextVar("quiet", default=False)
