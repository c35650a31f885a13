"""An answer written on a screen while it arrives."""

from __future__ import annotations

import time
from contextlib import suppress
from threading import RLock, Timer
from typing import TYPE_CHECKING

from rich.text import Text

from ragchat.terminal.loading import Loading
from ragchat.terminal.paths import location
from ragchat.terminal.sanitise import Sanitiser, visible_line
from ragchat.terminal.state import StateLine
from ragchat.terminal.verbatim import VerbatimWriting
from ragchat.terminal.window import Window
from ragchat.terminal.wrap import wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragchat.core.completion import Delta
    from ragchat.core.passage import Passage
    from ragchat.terminal.console import Terminal
    from ragchat.terminal.markdown.writing import MarkdownWriting
    from ragchat.terminal.step import Writing

_LEAST_S = 0.1  # between two drawings
_REST = 4  # drawing takes a fifth of the time at the most


class AnswerScreen:
    """Markdown laid out and quotations as they stand; a state line until the first of them comes.

    What came too soon behind the last drawing is drawn by a thread a moment later, whether or not more comes.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._state = StateLine(terminal)
        self._window = Window(terminal)
        self._sanitiser = Sanitiser()
        self._passages: Sequence[Passage] = ()
        self._markdown: Loading[type[MarkdownWriting]] | None = None
        self._writing: Writing | None = None
        self._verbatim = False
        self._arrived: list[str] = []  # and is not drawn yet
        self._gap: list[Text] = []  # what parts it from text above
        self._due = 0.0
        self._drawing = RLock()
        self._later: Timer | None = None

    def begin(self) -> None:
        """Say what is awaited, and make ready for the answer meanwhile."""
        self._state.show("searching…")
        self._markdown = Loading(_load_markdown, lambda: None)

    def found(self, passages: Sequence[Passage]) -> None:
        """Say how many there are; the marks will lead to them."""
        self._passages = passages
        found = "1 passage" if len(passages) == 1 else f"{len(passages)} passages"
        self._state.show(f"{found} found, waiting for the answer…")

    def text(self, delta: Delta) -> None:
        """Show the next piece, at once or a moment later."""
        with self._drawing:
            if self._writing and delta.verbatim != self._verbatim:
                self.end()
            self._verbatim = delta.verbatim
            self._arrived.append(delta.text)
            if self._later is None:
                wait_s = self._due - time.monotonic()
                if wait_s <= 0:
                    self._draw_some()
                else:
                    self._later = Timer(wait_s, self._draw_later)
                    self._later.daemon = True
                    self._later.start()

    def notice(self, text: str) -> None:
        """A line of its own, below what has arrived."""
        self.end()
        self._terminal.aside.print(Text(wrapped(visible_line(text), self._terminal.width), style="notice"))

    def end(self) -> None:
        """Show all that has arrived; what comes now stands below it."""
        with self._drawing:
            if self._later is not None:
                self._later.cancel()
                self._later = None
            self._draw(ended=True)
            self._state.clear()
            if self._writing:
                self._writing, self._gap, self._due = None, [Text()], 0.0

    def _draw_later(self) -> None:
        # A terminal that has gone is met by whoever reads the answer, too.
        with suppress(OSError, ValueError), self._drawing:
            if self._later is not None:
                self._later = None
                self._draw_some()

    def _draw_some(self) -> None:
        started = time.monotonic()
        self._draw(ended=False)
        drawn = time.monotonic()
        self._due = max(started + _LEAST_S, drawn + (drawn - started) * _REST)

    def _draw(self, *, ended: bool) -> None:
        text = self._sanitiser.feed("".join(self._arrived))
        self._arrived.clear()
        if self._writing is None and text.strip():
            self._state.clear()
            self._writing = self._new_writing()
        if self._writing:
            self._writing.feed(text)
            step = self._writing.step(self._terminal.width, ended=ended)
            if step.settled:
                step.settled[:0], self._gap = self._gap, []
            self._window.show([*self._gap, *step.pending], above=step.settled)

    def _new_writing(self) -> Writing:
        if self._verbatim or self._markdown is None:
            return VerbatimWriting(self._link_of)
        return self._markdown.result()(self._link_of, self._terminal.out)

    def _link_of(self, number: int) -> str | None:
        """Where the passage of that number lies."""
        if number > len(self._passages):
            return None
        passage = self._passages[number - 1]
        links, directory = self._terminal.links, self._terminal.directory
        place = location(passage.chunk.source, passage.place, directory, links)
        return place.get_style_at_offset(self._terminal.out, 0).link


def _load_markdown() -> type[MarkdownWriting]:
    # It and what it reads code with take a tenth of a second.
    from ragchat.terminal.markdown.writing import MarkdownWriting  # noqa: PLC0415

    return MarkdownWriting
