"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

State: TypeAlias = Literal["ok", "warning", "problem"]
"""A warning: everything works, but less well than it could. A problem: something is broken."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence or two on the subject `name`; `cure` says what to do and is empty where all is well."""

    name: str
    state: State
    message: str
    cure: str = ""
