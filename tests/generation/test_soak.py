"""Many questions at a time, while three of ten requests fail: the short form of `make soak`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.soak import soak

if TYPE_CHECKING:
    from pathlib import Path


def test_no_question_is_lost_or_hangs_and_every_request_has_its_row(tmp_path: Path) -> None:
    figures = soak(150, tmp_path)
    assert figures.sound, figures
    assert figures.answered_by.keys() == {"groq", "ollama", "extractive"}
    assert 0.2 < figures.failed_on_purpose < 0.4
