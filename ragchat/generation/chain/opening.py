"""A stream as far as its first visible text, which is when an attempt has succeeded."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ragchat.core.completion import Completion, Delta, Notice
from ragchat.errors import GenerationError

if TYPE_CHECKING:
    from collections import abc
    from collections.abc import Iterator

    from ragchat.core.completion import Piece
    from ragchat.generation.chain.entry import Entry
    from ragchat.generation.providers.transcript import Transcript


@dataclass(slots=True)
class Opened:
    """The `pieces` still to come, and those read so far, which are `held`."""

    pieces: abc.Generator[Piece, None, None]
    transcript: Transcript
    entry: Entry
    held: list[Piece] = field(default_factory=list)

    def read_first(self) -> None:
        """Read up to the first visible text; on every other way out the stream is closed.

        Raises what the stream raises, and `GenerationError` when it ends without a word.
        """
        try:
            for piece in self.pieces:
                self.held.append(piece)
                if self._shows(piece):
                    return
            raise _empty("stop")
        except BaseException:
            self.pieces.close()
            raise

    def rest(self) -> Iterator[Piece]:
        """Everything but the notices before the first text, which are overheard."""
        yield from (piece for piece in self.held if not isinstance(piece, Notice))
        for piece in self.pieces:
            if isinstance(piece, Delta):
                self.transcript.note(piece.text)
            yield piece

    def _shows(self, piece: Piece) -> bool:
        if isinstance(piece, Completion):
            if not piece.text.strip():
                self.entry.completed(replace(piece, failure="garbage"), "error")
                raise _empty(piece.finish)
            return True
        if isinstance(piece, Delta):
            self.transcript.add(piece.text)
        # White space is nothing a person has seen: another may still take over.
        return bool(self.transcript.text.strip())


def _empty(finish: str) -> GenerationError:
    if finish == "length":
        return GenerationError(
            "The model used up its tokens before it wrote a word.",
            "Raise GROQ_MAX_TOKENS.",
            failure="garbage",
            cause="used_up",
        )
    return GenerationError("The model wrote nothing.", "Ask again.", failure="garbage", cause="no_text")
