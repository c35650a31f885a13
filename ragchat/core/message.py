"""One message of a conversation with a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Message:
    """Who says what."""

    role: Literal["system", "user", "assistant"]
    text: str

    @property
    def as_json(self) -> dict[str, str]:
        """As every chat server takes it."""
        return {"role": self.role, "content": self.text}
