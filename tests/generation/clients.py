"""Clients of served models, made as a test needs them."""

from __future__ import annotations

from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from ragchat.errors import GenerationError
from ragchat.generation.providers.deadlines import Deadlines
from ragchat.generation.providers.served import ServedGenerator
from tests.generation.prompts import PROMPT, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Client = TypeVar("Client", bound=ServedGenerator)


@contextmanager
def clients(kind: type[Client], **usual: Any) -> Iterator[Callable[..., Client]]:
    """Makes clients that ask as `usual`, but for what a test changes; they are closed at the end."""
    usual = {"temperature": 0.2, "max_tokens": 500, "deadlines": Deadlines(10.0, 10.0), **usual}
    with ExitStack() as made:
        yield lambda **changes: made.enter_context(closing(kind(**{**usual, **changes})))


def failure_of(generator: ServedGenerator) -> GenerationError:
    """Why it does not answer."""
    with pytest.raises(GenerationError) as raised:
        read(generator.stream(PROMPT))
    return raised.value
