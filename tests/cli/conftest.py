"""A folder to work in, and the program run in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.programs import Program

if TYPE_CHECKING:
    from pathlib import Path

BREAD = """\
# Bread

Flour, water and salt.

## Cooling

Let the loaf cool on a rack for an hour before slicing it.
The crumb sets as it cools.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two documents."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "bread.md").write_text(BREAD)
    (folder / "tea.txt").write_text("Noon chai is a pink tea with salt. It is drunk at breakfast in Kashmir.\n")
    return folder


@pytest.fixture
def ragchat(folder: Path) -> Program:
    """The program in `folder`."""
    return Program(folder)
