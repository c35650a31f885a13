"""Passages and generators to answer from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragchat.core.completion import Completion, Delta
from ragchat.core.document import Chunk
from ragchat.core.passage import Passage
from ragchat.core.place import Place
from ragchat.core.usage import Usage

if TYPE_CHECKING:
    from collections import abc

    from ragchat.core.completion import Finish, Piece, Prompt


def passage(
    text: str, *, source: str = "/docs/notes.md", heading: str = "", line: int = 1, score: float = 0.5
) -> Passage:
    """A passage that begins in `line` of its file."""
    place = Place.lines(line, line + text.rstrip().count("\n"))
    chunk = Chunk("0" * 32, source, text, 0, len(text), heading, place)
    return Passage(chunk, 1, score, ("lexical",))


def completion(text: str, finish: Finish = "stop") -> Completion:
    """The end of a stream."""
    return Completion(text, "scripted", "script", Usage(), finish)


class Scripted:
    """A generator that says its pieces; strings are deltas, exceptions are raised.

    It keeps the prompts that it was given, and notes when it was closed.
    """

    provider = "scripted"
    model = "script"
    destination = None
    max_tokens = 500
    context = None

    def __init__(self, *script: str | Piece | BaseException) -> None:
        self._script = script
        self.prompts: list[Prompt] = []
        self.closed = False

    def stream(self, prompt: Prompt) -> abc.Generator[Piece, None, None]:
        self.prompts.append(prompt)
        said = ""
        try:
            for piece in self._script:
                if isinstance(piece, BaseException):
                    raise piece
                if isinstance(piece, str):
                    said += piece
                    yield Delta(piece)
                else:
                    yield piece
            yield completion(said)
        except KeyboardInterrupt:
            yield completion(said, "cut")
        finally:
            self.closed = True
