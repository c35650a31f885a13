"""What the server says, as values.

On its wire counts that are zero are absent, and times are nanoseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Json: TypeAlias = "Mapping[str, object]"


@dataclass(frozen=True, slots=True)
class OllamaModel:
    """A pulled model. `capabilities` is empty when the server does not list them.

    A cloud model has an entry here, but runs at ollama.com.
    """

    name: str
    digest: str
    family: str
    is_cloud: bool
    capabilities: tuple[str, ...]

    def is_called(self, name: str) -> bool:
        """Whether `name` means this model; a name without a tag means `:latest`."""
        return self.name == (name if ":" in name.rpartition("/")[2] else f"{name}:latest")


@dataclass(frozen=True, slots=True)
class ChatLine:
    """One line of a chat reply. Only the last is `done`; it says why (`stop`, `length`) and what it took."""

    text: str
    done: bool = False
    reason: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    load_s: float | None = None
    prompt_s: float | None = None
    completion_s: float | None = None


def is_cloud_name(name: str) -> bool:
    """Whether the name alone says that the model runs at ollama.com."""
    return name.endswith(("-cloud", ":cloud"))


def model_of(entry: Json) -> OllamaModel:
    """One entry of `/api/tags`."""
    name = str(entry.get("name") or entry.get("model") or "")
    details = mapping(entry.get("details"))
    remote = entry.get("remote_host") or entry.get("remote_model")
    return OllamaModel(
        name=name,
        digest=str(entry.get("digest") or ""),
        family=str(details.get("family") or ""),
        is_cloud=is_cloud_name(name) or bool(remote),
        capabilities=strings(entry.get("capabilities")),
    )


def chat_line_of(entry: Json) -> ChatLine:
    """One line of `/api/chat`."""
    return ChatLine(
        text=str(mapping(entry.get("message")).get("content") or ""),
        done=entry.get("done") is True,
        reason=str(entry.get("done_reason") or ""),
        prompt_tokens=_whole(entry.get("prompt_eval_count")),
        completion_tokens=_whole(entry.get("eval_count")),
        load_s=_seconds(entry.get("load_duration")),
        prompt_s=_seconds(entry.get("prompt_eval_duration")),
        completion_s=_seconds(entry.get("eval_duration")),
    )


def mapping(value: object) -> Json:
    """`value` when it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[object]:
    """`value` when it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def strings(value: object) -> tuple[str, ...]:
    """The strings of a JSON array."""
    return tuple(item for item in items(value) if isinstance(item, str))


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _seconds(value: object) -> float | None:
    nanoseconds = _whole(value)
    return None if nanoseconds is None else nanoseconds / 1e9
