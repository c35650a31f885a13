"""Markdown shown while it arrives: what is settled goes up for good, the rest stays in sight."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.terminal.markdown.blocks import blocks
from ragchat.terminal.markdown.layout import Layout
from ragchat.terminal.step import Step
from ragchat.terminal.wrap import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from ragchat.terminal.markdown.layout import Row
    from ragchat.terminal.marks import LinkOf

# The beginning of a line that may become another block than it looks: `-` an item or a rule, ``` a fence or code.
# A row of a table is whole or not there: its columns would dance.
_UNDECIDED = re.compile(r"[ )\d.#*_+\-~`>|:]*|[ )\d.*+\->]*(?:```|~~~|\|).*")
# What it does depends on the character that follows.
_UNDECIDED_SIGN = re.compile(r"(?:[*_~`]+|\\+)\Z")


class MarkdownWriting:
    """`Writing` for what models write. Text that cannot be laid out is shown as it was written."""

    def __init__(self, link_of: LinkOf, console: Console) -> None:
        self._link_of = link_of
        self._console = console
        self._source = ""  # of the last outermost block
        self._begun = False  # whether a line is settled
        self._reached = _Reached(0, 0, 0)
        self._failed = False
        self._laid_out = ("", 0)  # what of the source is, and at what width
        self._pending: list[Text] = []

    def feed(self, text: str) -> None:
        """Take the next piece."""
        self._source += text

    def step(self, width: int, *, ended: bool = False) -> Step:
        """What can be shown now; all of it when the text has `ended`."""
        step = Step([], [])
        try:
            if not self._failed:
                self._lay_out(step, width, ended=ended)
        except Exception:  # whatever a parser or a lexer stumbles over, the text must be seen
            self._give_up()
            step = Step([], [])
        if self._failed:
            self._copy(step, width, ended=ended)
        self._begun = self._begun or bool(step.settled)
        return step

    def _lay_out(self, step: Step, width: int, *, ended: bool) -> None:
        source = self._source if ended else _decided(self._source)
        if (source, width) == self._laid_out and not ended:
            step.pending.extend(self._pending)
            return
        found = blocks(source)
        layout = Layout(width, self._link_of, self._console)
        reached = self._reached
        for number in range(reached.block, len(found)):
            closed = ended or number < len(found) - 1
            place = self._reached.place if number == self._reached.block else 0
            if place == 0 and (number == 0 or found[number].gap is not None):
                gap = layout.gap(found[number])
            else:
                gap = None
            place = self._add(layout.rows(found[number], place, closed=closed), place, gap, step)
            line = found[number].start
            reached = _Reached(number + 1, 0, line) if closed else _Reached(number, place, line)
        self._reached = reached
        top = found[-1].top if found else 0
        if top:
            self._source = _lines_from(self._source, top)
            above = sum(block.top < top for block in found)
            self._reached = _Reached(reached.block - above, reached.place, reached.line - top)
        self._laid_out, self._pending = (_lines_from(source, top), width), step.pending

    def _add(self, rows: Iterator[Row], place: int, gap: Text | None, step: Step) -> int:
        """Add the rows of a block, `gap` above them where anything is; returns the place that is settled."""
        begun = self._begun or bool(step.settled or step.pending)
        for row in rows:
            lines = step.settled if row.settled else step.pending
            if gap is not None and begun:
                lines.append(gap)
            gap = None
            lines.append(row.text)
            place = row.end if row.settled else place
        return place

    def _give_up(self) -> None:
        self._failed = True
        self._source = _lines_from(self._source, self._reached.line)
        if self._begun:
            self._source = f"\n{self._source}"

    def _copy(self, step: Step, width: int, *, ended: bool) -> None:
        """Show what is left as it was written, whole lines for good."""
        text = self._source.rstrip("\n ")
        cut = len(text) + 1 if ended else text.rfind("\n") + 1
        if cut and text:
            step.settled.extend(map(Text, wrapped(text[: cut - 1], width).split("\n")))
        if text[cut:]:
            step.pending.extend(map(Text, wrapped(text[cut:], width).split("\n")))
        self._source = self._source[cut:]


@dataclass(frozen=True, slots=True)
class _Reached:
    """How much is settled: all above `block`, and of it what is before `place`; it begins at `line`."""

    block: int
    place: int
    line: int


def _decided(source: str) -> str:
    """`source` up to where what follows may change the kind of block a line is, or what a sign does."""
    line = source.rfind("\n") + 1
    sign = _UNDECIDED_SIGN.search(source, line)
    end = sign.start() if sign else len(source)
    return source[: line if _UNDECIDED.fullmatch(source, line, end) else end]


def _lines_from(source: str, line: int) -> str:
    return source.split("\n", line)[-1] if source.count("\n") >= line else ""
