"""How far an ingest is, while it runs."""

from __future__ import annotations

from ragchat.terminal.progress import IngestProgress
from tests.terminal.screens import pipe, screen


def test_a_screen_sees_the_files_done_and_the_file_being_read() -> None:
    terminal, shown = screen(100)
    with IngestProgress(terminal) as progress:
        progress.update(3, 12, "guides/[red]bread\x1b[2J.md")
    assert "3/12" in shown.getvalue()
    assert "guides/[red]bread\\x1b[2J.md" in shown.getvalue()


def test_a_pipe_sees_nothing() -> None:
    terminal, out, err = pipe()
    with IngestProgress(terminal) as progress:
        progress.update(3, 12, "guides/bread.md")
    assert out.getvalue() + err.getvalue() == ""
