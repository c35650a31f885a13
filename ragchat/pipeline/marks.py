"""The marks `[n]` in a stream: kept where they lead somewhere, dropped where they do not."""

from __future__ import annotations

import re

_LONGEST = 40
_BRACKETED = re.compile(rf"( ?)[\[【]([^\[\]【】\n]{{1,{_LONGEST}}})[\]】]")
_UNFINISHED = re.compile(rf" ?[\[【][^\[\]【】\n]{{0,{_LONGEST}}}\Z| \Z")
# `1`, `1, 2`, and `1†source`, which some models were trained on. Three digits are a year or a quantity.
_NUMBERS = re.compile(r"\s*([1-9]\d?(?:\s*(?:,|;|and|&)\s*[1-9]\d?)*)\s*(?:†.*)?")
_NUMBER = re.compile(r"\d+")


class MarkFilter:
    """Rewrites marks to `[n]` while text streams through; fed in any pieces, it comes out the same.

    A bracket that is not closed is held back until it is. A number above `passages` is dropped, with the space
    before it where nothing is left of the mark.
    """

    def __init__(self, passages: int) -> None:
        self._passages = passages
        self._held = ""
        self.dropped = 0
        """How many numbers led nowhere."""

    def feed(self, text: str) -> str:
        """What can be shown after `text` has arrived."""
        self._held += text
        unfinished = _UNFINISHED.search(self._held, max(0, len(self._held) - _LONGEST - 2))
        cut = unfinished.start() if unfinished else len(self._held)
        ready, self._held = self._held[:cut], self._held[cut:]
        return _BRACKETED.sub(self._rewritten, ready)

    def flush(self) -> str:
        """What is left at the end of the stream."""
        ready, self._held = self._held, ""
        return _BRACKETED.sub(self._rewritten, ready)

    def _rewritten(self, match: re.Match[str]) -> str:
        mark = _NUMBERS.fullmatch(match[2])
        if mark is None:
            return match[0]
        numbers = [int(number) for number in _NUMBER.findall(mark[1])]
        valid = [number for number in numbers if number <= self._passages]
        self.dropped += len(numbers) - len(valid)
        return match[1] + "".join(f"[{number}]" for number in valid) if valid else ""
