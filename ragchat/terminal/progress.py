"""How far a long piece of work is, while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

from ragchat.terminal.paths import shown_path

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import Task

    from ragchat.terminal.console import Terminal

_BAR = 20


class StepProgress:
    """A bar on stderr with steps, rate, time left and what is being done; nothing where nobody looks or wants to.

    The bar leaves no trace: the report says what was done.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._bar = Progress(
            BarColumn(_BAR),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.description}", style="state", markup=False, table_column=Column(no_wrap=True)),
            console=terminal.err,
            transient=True,
            disable=terminal.quiet or not terminal.err.is_terminal or terminal.err.is_dumb_terminal,
        )
        self._task = self._bar.add_task("", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def update(self, done: int, total: int | None, current: str) -> None:
        """`done` of `total` steps are through, None for who knows how many; `current` says of what, visibly."""
        self._bar.update(self._task, completed=done, total=total, description=current)


class IngestProgress(StepProgress):
    """The same with a file for each step."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(terminal)
        self._directory = terminal.directory

    def update(self, done: int, total: int | None, current: str) -> None:
        """`done` of `total` files are through; `current` is the source being read."""
        super().update(done, total, shown_path(current, self._directory) if current else "")


class _Rate(ProgressColumn):
    """Steps a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "", style="state")
