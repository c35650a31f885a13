"""Where a value was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Origin:
    """A source; `where` is the path of a file, the variable, or the flag's dotted name, else empty."""

    kind: Literal["flag", "environment", ".env", "config file", "default"]
    where: str = ""

    def same_source(self, other: Origin) -> bool:
        """Whether both were set in one place: the same file, one environment, one command line."""
        in_a_file = self.kind in (".env", "config file")
        return self.kind == other.kind and (self.where == other.where or not in_a_file)

    def __str__(self) -> str:
        in_words = {"flag": "the command line", "environment": "the environment", "default": "the default"}
        return in_words.get(self.kind, self.where)


@dataclass(frozen=True, slots=True)
class Given:
    """A value as found. `name` is the one the person wrote; a relative path counts from `folder`."""

    value: object = field(repr=False)  # it may be the key
    name: str
    origin: Origin
    folder: Path
