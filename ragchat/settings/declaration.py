"""How a setting is declared: its environment name and what it may be stand beside its type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar, get_args, get_origin

from pydantic import SecretStr

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

_Mark = TypeVar("_Mark")

_BOUNDS = (("ge", "from"), ("gt", "above"), ("le", "to"), ("lt", "below"))


@dataclass(frozen=True, slots=True)
class Env:
    """The environment variable that sets a field."""

    name: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a field may be, in words, where its type and bounds do not say it."""

    words: str


@dataclass(frozen=True, slots=True)
class Setting:
    """One declared setting: `name` is dotted (`groq.model`), `default` is written as in the environment."""

    name: str
    environment: str
    description: str
    default: str | None
    allowed: str
    secret: bool

    @classmethod
    def of(cls, name: str, field: FieldInfo) -> Setting:
        """Read the declaration of `field`; raises `TypeError` where it is incomplete."""
        env = _mark(field, Env)
        if env is None or field.description is None:
            raise TypeError(f"{name} needs an environment name and a description.")
        return cls(
            name=name,
            environment=env.name,
            description=field.description,
            default=None if field.is_required() else written(field.default),
            allowed=_allowed(field),
            secret=SecretStr in get_args(field.annotation),
        )


def written(value: object) -> str | None:
    """`value` as a person would write it in the environment; None where there is none."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _mark(field: FieldInfo, kind: type[_Mark]) -> _Mark | None:
    return next((mark for mark in field.metadata if isinstance(mark, kind)), None)


def _allowed(field: FieldInfo) -> str:
    if in_words := _mark(field, Allowed):
        return in_words.words
    if get_origin(field.annotation) is Literal:
        *choices, last = get_args(field.annotation)
        return f"{', '.join(choices)} or {last}"
    return " ".join(["a whole number" if field.annotation is int else "a number", *_bounds(field)])


def _bounds(field: FieldInfo) -> list[str]:
    return [
        f"{word} {getattr(mark, bound)}"
        for bound, word in _BOUNDS
        for mark in field.metadata
        if hasattr(mark, bound)
    ]
