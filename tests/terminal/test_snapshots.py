"""Every view as it stands in the files beside this one: look at what changes in them before it is committed.

`make snapshots` writes them anew. `NAME.txt` has the text at 40, 80 and 120 columns, `NAME.colour.txt` the same at
80 with the styles spelt out, and the first lines of both say what to look for.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ragchat.terminal.cells import cells
from tests.programs import ROOT
from tests.terminal.escapes import settled, spelt_out, unstyled
from tests.terminal.screens import screen
from tests.terminal.specimens import ASKED
from tests.terminal.specimens_kept import KEPT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ragchat.terminal.console import Terminal

_FOLDER = Path(__file__).parent / "snapshots"
_SPECIMENS = {specimen.__name__: specimen for specimen in (*ASKED, *KEPT)}
_ANEW = os.environ.get("RAGCHAT_SNAPSHOTS") == "write"
# A source is not cropped, so that it can be copied, and the chain stands in lines that others fit.
_WIDER = {("sources", 40), ("chains", 40)}


@pytest.fixture(autouse=True)
def utc() -> Iterator[None]:
    """Times are those of one zone."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize("name", sorted(_SPECIMENS))
def test_a_view_is_what_its_snapshot_shows(name: str) -> None:
    specimen = _SPECIMENS[name]
    _compare(f"{name}.txt", specimen, {width: unstyled(_drawn(specimen, width)) for width in (40, 80, 120)})
    _compare(f"{name}.colour.txt", specimen, {80: spelt_out(_drawn(specimen, 80, colour=True))})


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("name", sorted(_SPECIMENS))
def test_no_line_is_wider_than_the_screen_and_none_is_empty_twice(name: str, width: int) -> None:
    shown = unstyled(_drawn(_SPECIMENS[name], width))
    assert (name, width) in _WIDER or [line for line in shown.split("\n") if cells(line) > width] == []
    assert "\n\n\n" not in shown


def test_no_snapshot_is_left_of_a_view_that_is_gone() -> None:
    wanted = {f"{name}{end}" for name in _SPECIMENS for end in (".txt", ".colour.txt")}
    stale = {path.name for path in _FOLDER.iterdir()} - wanted
    for name in stale if _ANEW else ():
        (_FOLDER / name).unlink()
    assert _ANEW or not stale


def _drawn(specimen: Callable[[Terminal], None], width: int, *, colour: bool = False) -> str:
    terminal, shown = screen(width, colour=colour)
    terminal = replace(terminal, directory=ROOT)
    specimen(terminal)
    return settled(shown.getvalue()).replace(ROOT.as_uri(), "file:///project").replace(str(ROOT), "/project")


def _compare(name: str, specimen: Callable[[Terminal], None], drawn: dict[int, str]) -> None:
    sections = [f"── {width} columns ──\n{text.rstrip()}\n" for width, text in drawn.items()]
    text = "\n".join([f"{specimen.__doc__}\n", *sections])
    if _ANEW:
        (_FOLDER / name).write_text(text, "utf-8")
    assert text == (_FOLDER / name).read_text("utf-8"), "`make snapshots` writes it anew"
