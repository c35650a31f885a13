"""The marks `[n]` in a stream: kept where they lead somewhere, dropped where they do not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ragchat.language.marks import NUMBERS, Quotations

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 40
_BRACKETED = re.compile(rf"( ?)[\[【]([^\[\]【】\n]{{1,{_LONGEST}}})[\]】]")
_UNFINISHED = re.compile(rf" ?[\[【][^\[\]【】\n]{{0,{_LONGEST}}}\Z| \Z")
_NUMBER = re.compile(r"\d+")
_WORD_END = re.compile(r"\w\Z")


class MarkFilter:
    """Rewrites marks to `[n]` while text streams through; fed in any pieces, it comes out the same.

    A bracket that is not closed is held back until it is. A number above `passages` is dropped, with the space
    before it where nothing is left of the mark; directly behind a word it is an index, `argv[7]`, and stays.
    Quotations stay as they are.
    """

    def __init__(self, passages: int) -> None:
        self.passages = passages
        """The number of the last passage there is; whoever writes may still be given fewer."""
        self._held = ""
        self._quotations = Quotations()
        self._indexable = False  # whether a bracket that comes next stands directly behind a word
        self.dropped = 0
        """How many numbers led nowhere."""

    def feed(self, text: str) -> str:
        """What can be shown after `text` has arrived."""
        self._held += text
        unfinished = _UNFINISHED.search(self._held, max(0, len(self._held) - _LONGEST - 2))
        cut = unfinished.start() if unfinished else len(self._held)
        ready, self._held = self._held[:cut], self._held[cut:]
        return "".join(self._rewritten(ready))

    def flush(self) -> str:
        """What is left at the end of the stream."""
        ready, self._held = self._held, ""
        return "".join(self._rewritten(ready))

    def _rewritten(self, text: str) -> Iterator[str]:
        for piece, quoted in self._quotations.split(text):
            at = 0
            for match in () if quoted else _BRACKETED.finditer(piece):
                yield self._plain(piece[at : match.start()])
                yield self._mark(match)
                at = match.end()
            yield self._plain(piece[at:])

    def _plain(self, text: str) -> str:
        if text:
            self._indexable = _WORD_END.search(text) is not None
        return text

    def _mark(self, match: re.Match[str]) -> str:
        index = self._indexable and match[0].startswith("[")
        mark = NUMBERS.fullmatch(match[2])
        numbers = [int(number) for number in _NUMBER.findall(mark[1])] if mark else []
        valid = [number for number in numbers if number <= self.passages]
        if not numbers or (index and not valid):
            self._indexable = index  # `grid[9][12]`
            return match[0]
        self._indexable = False
        self.dropped += len(numbers) - len(valid)
        return match[1] + "".join(f"[{number}]" for number in valid) if valid else ""
